/**
 * Sentences that the program writes in English into leads (grades, remarks, notes of estimates, rules of flags), in Chinese.
 * `$1`, `$2` stand for details, in English in the order of their numbers. A test holds every table of sentences against it.
 */

/** A sentence with its details numbered from 1, and the same in Chinese. */
export type Phrase = readonly [en: string, zh: string];

/** Reasons of grades (docs/attribution.md): rules, then bounds. */
export const GRADES: readonly Phrase[] = [
  [
    'NAT log and session cover address, port and time; the account is in the customer list',
    '地址转换日志和会话记录与地址、端口、时间吻合，账号见于客户资料',
  ],
  [
    'a session covers address and time; the account is in the customer list',
    '会话记录与地址、时间吻合，账号见于客户资料',
  ],
  [
    'NAT log names the account, which is in the customer list; no session log beside it',
    '地址转换日志载明账号，账号见于客户资料，但无会话记录佐证',
  ],
  [
    'deterministic NAT with parameters valid at the time, and the account is in the customer list',
    '按当时有效的确定性地址转换参数推算，账号见于客户资料',
  ],
  ['logs name the account; no customer list says whose it is', '日志载明账号，但客户资料中查不到用户'],
  ['mobile session with its cell: the place is the area of the cell', '移动网络会话，位置仅为基站小区范围'],
  [
    'static line in the resource system with a valid code, verified within 12 months and confirmed since',
    '资源系统登记的静态线路，代码有效，12个月内核实且此后得到确认',
  ],
  [
    'static line in the resource system; neither a customer row nor a later check says that it is still live',
    '资源系统登记的静态线路，客户资料和此后的核实均未证明仍在使用',
  ],
  [
    'address filing of a static range alone; the unit is known by one valid code',
    '仅有静态地址段备案，单位有唯一有效代码',
  ],
  ['address filing of a static range alone; no valid code for the unit', '仅有静态地址段备案，单位无有效代码'],
  ['customer list of a data centre, whole rack', '机房客户清单，整机柜租用'],
  [
    'customer list of a data centre, shared rack or reseller: the place is the data centre',
    '机房客户清单，共用机柜或转租，位置为机房',
  ],
  ['the record was changed after the traffic: it says nothing of before', '记录在通信之后变更，不能说明此前情况'],
  ['the source says that its check of the record failed', '来源标明该记录核查不通过'],
  [
    'the filing is of a dynamic pool or names the operator: it tells the district of the gateway',
    '备案为动态地址池或运营商，只能说明网关所在区县',
  ],
  ['holder of the address block', '地址段持有单位'],
  [
    'one of the customers behind the address at that time; the source port is missing',
    '为该地址当时的用户之一，缺少源端口，无法区分',
  ],
  ['power account named with the same customer account', '用电户与同一客户账号一并登记'],
  ['power account of the same credit code', '用电户的统一社会信用代码相同'],
  ['power account of the same name at the same address', '用电户名称和地址相同'],
  [
    'VPN, proxy or relay known at the address: traffic may come from elsewhere',
    '该地址有已知的VPN、代理或中继，流量可能来自别处',
  ],
  ['several subscribers fit', '符合条件的用户不止一个'],
  ['fits only within the errors of the clocks', '仅在时钟误差范围内吻合'],
  ['the end of the assignment is not in the logs', '日志中没有地址释放记录'],
  ['the conversation lasted longer than the assignment', '通信持续时间超出地址分配时间'],
  ['last verified more than 12 months before', '上次核实距今超过12个月'],
  ['last verified more than 24 months before', '上次核实距今超过24个月'],
  ['last verified more than 60 months before', '上次核实距今超过60个月'],
  ['no credit code', '无统一社会信用代码'],
  ['the credit code does not pass its checks', '统一社会信用代码校验不通过'],
  ['an enterprise by nature with a document of a person', '登记为单位，证件却为个人证件'],
  ['the unit was struck off before the address was assigned', '单位在地址分配前已注销'],
  ['the customer row is not valid at the time', '客户资料当时无效'],
  ['several customers under one account', '同一账号下有多个客户'],
  ['another source names somebody else', '另有来源指向其他主体'],
  ['the address filing names somebody else', '地址备案登记为其他主体'],
  ['a pool of the operator covers the address too', '该地址同时属于运营商地址池'],
  ['filed as static, yet seen in sessions of several accounts', '备案为静态，实际出现在多个账号的会话中'],
  ['filed as reserved, yet in use', '备案为保留，实际在用'],
  ['the region of the address is not that of the operator’s geofeed', '地址所在地区与运营商公布的地址位置不一致'],
  ['only the registered address is known', '仅知住所'],
  ['only the filing address is known', '仅知备案地址'],
  ['only the gateway’s address is known', '仅知网关地址'],
  ['no address is known', '地址不详'],
  ['named in a report of $1', '见于“$1”的举报或名单'],
];

/** What is missing, what contradicts, and what the ledger adds. */
export const REMARKS: readonly Phrase[] = [
  [
    '$1 shared detections hold only conversations of this subscriber shorter than 300 s: an attempt.',
    '$1条共享检出记录中，本用户的会话均短于300秒，按尝试计。',
  ],
  [
    'The observed address is no IP address: correct it in the source of the observation.',
    '观测到的地址不是IP地址，应在观测来源处更正。',
  ],
  [
    'The times of the observation are none, or its end lies before its start: correct them.',
    '观测时间无效，或结束早于开始，应予更正。',
  ],
  [
    'Many customers share this address ($1 known at the time): ask whoever reported the traffic for source port, protocol and UTC time to the second.',
    '该地址由多个用户共用（当时已知$1个），应向流量报送方索取源端口、协议和精确到秒的时间（UTC）。',
  ],
  [
    'A private address means other customers in other places: state the realm (BNG, VRF or city) of the sensor, or ask its operator.',
    '私网地址在不同区域属于不同用户，应注明探针所在区域（BNG、VRF或城市），或向其运营商查询。',
  ],
  [
    'Ask the access provider for the session or NAT log of $1 at $2 (UTC).',
    '应向接入服务单位调取$1在$2（UTC）的会话或地址转换日志。',
  ],
  [
    'No row of the registry covers $1 at $2: import the address filing, or ask the holder of the block who uses it.',
    '登记资料中没有$1在$2的记录，应导入地址备案，或向地址段持有单位查询使用人。',
  ],
  [
    'Ask the access provider whose customer account $1 is and where the line is installed, with the credit code.',
    '应向接入服务单位查询客户账号$1的用户、装机地址和统一社会信用代码。',
  ],
  [
    'The filing names the operator or a data centre ($1): ask it which customer had $2 at $3 (UTC), with rack or line.',
    '备案单位为运营商或机房（$1），应向其查询$2在$3（UTC）的客户及其机柜或线路。',
  ],
  [
    'The end of the assignment is not in the logs: ask the access provider whether $1 still had it at $2 (UTC).',
    '日志中没有地址释放记录，应向接入服务单位查询$1在$2（UTC）是否仍占用该地址。',
  ],
  [
    'The time lies within the error of the clocks of a change of customers: ask for exact times, or for another conversation of the same miner.',
    '观测时间落在用户更替的时钟误差之内，应索取更精确的时间，或同一矿机的其他通信记录。',
  ],
  ['The row was last verified $1: ask the holder to verify it.', '该记录上次核实时间为$1，应请持有单位核实。'],
  [
    'No valid credit code for $1: look the name up in the enterprise register.',
    '$1无有效的统一社会信用代码，应在企业登记中查询。',
  ],
  [
    'Ask the access provider for the install address (装机地址) of the line, or the power company for the place of the meter.',
    '应向接入服务单位查询线路的装机地址，或向供电企业查询电表安装地址。',
  ],
  [
    'Ask the access provider to confirm that the line of $1 was live at $2 (UTC).',
    '应请接入服务单位确认$1的线路在$2（UTC）处于在用状态。',
  ],
  ['Several subscribers fit address, port and time: $1.', '与地址、端口、时间吻合的用户不止一个：$1。'],
  ['The filing row names the operator ($1), not the user.', '备案登记的是运营商（$1），不是使用人。'],
  ['The filing row names the operator or a dynamic pool ($1).', '备案登记的是运营商或动态地址池（$1）。'],
  ['Filed as static, yet seen in sessions of $1 accounts.', '备案为静态地址，实际出现在$1个账号的会话中。'],
  ['Filed as reserved, yet traffic was seen.', '备案为保留地址，实际有流量。'],
  [
    'The region of the address ($1) is not that of the geofeed ($2).',
    '地址所在地区（$1）与公布的地址位置（$2）不一致。',
  ],
  ['The row names an enterprise by nature, with a document of a person.', '登记为单位，证件却为个人证件。'],
  ['The code $1 does not pass its checks.', '统一社会信用代码$1校验不通过。'],
  ['The unit was struck off before the address was assigned.', '单位在地址分配前已注销。'],
  ['Sources disagree: $1 by one, $2 by another.', '各来源不一致：一处为$1，另一处为$2。'],
  ['Several customers stand under account $1 at the time.', '账号$1当时名下有多个客户。'],
  ['The customer row of account $1 is not valid at the time.', '账号$1的客户资料当时无效。'],
  ['The conversation lasted longer than the assignment of the address.', '通信持续时间超出地址分配时间。'],
  [
    'The sensor is said to see no NAT, yet NAT logs cover this address.',
    '探针声明无地址转换，实际有该地址的转换日志。',
  ],
  ['The port is none that the deterministic NAT rule hands out.', '端口不在确定性地址转换规则的范围内。'],
  ['Two live rows cover the address: $1.', '两条有效记录覆盖同一地址：$1。'],
  [
    'The address lies in a range of one unit and in a pool of the operator at once.',
    '该地址同时属于某单位的地址段和运营商的地址池。',
  ],
  [
    'Seen outside an address translation: several subscribers may stand behind this address.',
    '在地址转换之外观测，该地址之后可能有多个用户。',
  ],
  [
    '$1 detections had more conversations than are listed; the others were not attributed on their own.',
    '$1条检出记录的会话未全部列出，未列出的会话没有单独归属。',
  ],
  [
    '$1 detections cover several subscribers; their counts and hashrate are not claimed for this lead.',
    '$1条检出记录涉及多个用户，其数量和算力不计入本线索。',
  ],
  ['Not observed since the last traffic: silence says nothing.', '最后一次流量之后未再观测，没有流量不说明已经停止。'],
  [
    'Traffic after the lead had ended. Mining that begins anew counts as new (doubled energy, notice 1283 article 6): a person decides the category.',
    '线索结束后又有流量。重新开始的挖矿按增量计（1283号通知第六条加倍计算用能），类别由人工认定。',
  ],
  ['Judged not true before; evidence of a stronger kind arrived since.', '此前判为不属实，其后又有更强的证据。'],
  ['Reported; no traffic seen yet that confirms it.', '仅有举报，尚未在流量中证实。'],
];

/** Notes of energy estimates, by their code. */
export const ENERGY: readonly Phrase[] = [
  ['$1 is no usable quantity: left out', '$1不是可用数值，未采用'],
  ['the date cannot be read: the newest rows of the tables are taken', '日期无法识别，采用数据表中最新的行'],
  ['$1 readings lie outside the time of mining', '$1条电表读数不在挖矿时段内'],
  [
    'estimated $1 kW exceed the contracted $2 kVA: a wrong link or a proxy',
    '估算功率$1 kW超过合同容量$2 kVA，可能关联有误或为代理',
  ],
  [
    'load factor $1, night to day $2: runs round the clock, supports mining',
    '负荷率$1，夜昼比$2：昼夜连续运行，与挖矿相符',
  ],
  [
    'load factor $1, night to day $2: not the curve of machines that run round the clock',
    '负荷率$1，夜昼比$2：与昼夜连续运行的矿机不符',
  ],
  [
    'the metered load steps with the start or end of the traffic: strong support',
    '电表负荷随流量的开始或结束突变，有力佐证',
  ],
  [
    'even the high estimate is far below the metered energy: another consumer is on the account, its meter is not used',
    '估算高值仍远低于电表电量，该户另有其他用电，未采用电表读数',
  ],
  [
    '$1 of $2 entries of the inventory could not be priced: the figures are too low',
    '清点的$2项中有$1项无法折算功率，数值偏低',
  ],
  ['$1 of $2 entries of the inventory could not be priced', '清点的$2项中有$1项无法折算功率'],
  ['$1: no energy per hash is known ($2); not contained', '$1：单位算力能耗不详（$2），未计入'],
  ['$1: no energy per hash is known; not contained', '$1：单位算力能耗不详，未计入'],
  ['$1: $2 does not fit $3', '$1：单位$2与数据表的$3不符'],
  ['$1 is taken as $2 ($3)', '$1按$2计（$3）'],
  ['$1 is taken as $2', '$1按$2计'],
  ['$1: the table has no row for $2, the nearest is taken', '$1：数据表没有$2的数据，采用最接近的行'],
  ['$1: the band rests on one machine ($2)', '$1：上下限仅依据一种机型（$2）'],
  ['the hashrate exceeds that of the whole country: a mistake or a pool', '算力超过全国总量，可能有误或为矿池'],
  ['part of the mining has no figure: the total is too low', '部分挖矿无数据，合计偏低'],
  [
    'one machine for each connection: a proxy carries thousands on one, one machine may hold several',
    '按每条连接一台矿机计；代理一条连接可带数千台，一台矿机也可能有多条连接',
  ],
  ['order of magnitude only, never for one site', '仅为数量级，不得用于单个场所'],
  [
    'infected hosts: the account serves other purposes, its meter is not used',
    '受控主机：该用电户另有用途，未采用电表读数',
  ],
  ['nothing to estimate from: the figures are nought, not a finding', '没有估算依据，数值为零，不是结论'],
  ['new project: the assessed energy counts twice (notice, article 6)', '新增项目：考核用电量加倍计算（通知第六条）'],
  [
    'no surcharge: its dates cannot be read or the region lies outside the notice',
    '未计加价：日期无法识别，或地区不在通知适用范围',
  ],
  [
    'infected hosts: whether their owner owes the surcharge is for the price authority',
    '受控主机：是否向其所有人计收加价，由价格主管部门认定',
  ],
  [
    'infected hosts: the machines run anyway, only what mining adds counts (share known for RandomX on servers)',
    '受控主机：设备本就运行，只计挖矿增加的部分（比例依据服务器运行RandomX的数据）',
  ],
  ['no energy per hash is known for this algorithm ($1)', '该算法的单位算力能耗不详（$1）'],
  ['no energy per hash is known for this algorithm', '该算法的单位算力能耗不详'],
  ['the rate is in $1, the table in $2', '算力单位为$1，数据表单位为$2'],
  ['the model is not in the hardware table and the inventory states no power', '机型不在硬件表中，清点也未载明功率'],
];

/** Notes of the surcharge, without their code in front. */
export const SURCHARGE: readonly Phrase[] = [
  ['no region is known, the national rate is taken', '地区不详，采用全国标准'],
  ['no surcharge was in force on $1', '$1没有生效的加价标准'],
  ['rates of $1 yuan/kWh held one after another', '先后适用$1元/千瓦时的标准'],
  [
    'the rule counts from the day of the list, which is not known: nothing is due for that time yet; from the first day of mining it would be $1 to $2 yuan (mid $3)',
    '该规定自列入名单之日起计，列入日期不详，该时段暂不计收；如自挖矿首日起计，为$1至$2元（中值$3元）',
  ],
  ['$1 has a rule of its own whose figure is not known; default taken', '$1另有规定但标准不详，采用缺省标准'],
  [
    'the rule of $1 ended on $2; default taken, check for a new rule',
    '$1的规定已于$2到期，采用缺省标准，应核对有无新规定',
  ],
  [
    "no figure of $1's own is in force or known; the national rate is taken",
    '$1没有生效或已知的自定标准，采用全国标准',
  ],
  ['region $1 is not in the table; the national rate is taken', '地区$1不在数据表中，采用全国标准'],
  ['the basis of $1 expires on about $2; check for a new rule', '$1的依据约于$2到期，应核对有无新规定'],
  ['the start is not established, at least $1 months are counted', '起始时间未查明，至少按$1个月计'],
  [
    'the rule charges all energy of the account; the estimate covers the mining alone',
    '该规定按全户电量计收，本估算只含挖矿用电',
  ],
  [
    'where mining is not metered apart the rule charges all energy of the account',
    '挖矿未单独计量的，该规定按全户电量计收',
  ],
  [
    'the rule as known charges the energy of mining; the meter may count other use too',
    '该规定按挖矿电量计收，电表可能含其他用电',
  ],
  ['the rate includes tax', '标准含税'],
  ['regions may go higher', '各地可以提高标准'],
  ['leaves the power market; not multiplied by 1.5', '退出电力市场，不执行1.5倍价格'],
  ['wrong tariff class: difference and twice that', '错用电价类别的，追补差额并加收二倍'],
  ['start is the day of the draft; final text only reported', '起始日为征求意见稿日期，正式文本仅见报道'],
  ['valid for five years; the day of expiry is not known exactly', '有效期五年，到期日不确定'],
  ['valid for two years, probably lapsed', '有效期二年，可能已失效'],
  ['charged backwards over the time of mining', '按挖矿时间追溯计收'],
  ['list with start and stop', '名单载明起止时间'],
];

/** Rules that set a flag: facts of the registry, the ledger's own, a person's word. */
export const FLAG_RULES: readonly Phrase[] = [
  ['coin $1 in the detections', '检出记录中的币种为$1'],
  ['site power $1 kW >= $2 kW (metered)', '场所功率$1 kW，达到$2 kW（实测）'],
  ['site power $1 kW >= $2 kW (inventory)', '场所功率$1 kW，达到$2 kW（按矿机清点估算）'],
  ['site power $1 kW >= $2 kW (shares)', '场所功率$1 kW，达到$2 kW（按份额推算）'],
  ['site power $1 kW >= $2 kW (connections)', '场所功率$1 kW，达到$2 kW（按连接数估算）'],
  ['person: $1', '人工认定：$1'],
  ['uscc_prefix:$1', '统一社会信用代码前两位为$1'],
  ['filing_nature:$1', '备案单位性质代码为$1'],
  ['enterprise_type:$1', '企业类型为$1'],
  ['registration_type:$1', '登记注册类型代码为$1'],
  ['soe_list', '列入国有企业名单'],
  ['name_pattern:$1', '名称含“$1”'],
  ['tariff:residential', '电价类别为居民'],
  ['tariff:industrial', '电价类别为大工业'],
  ['service_type:$1', '备案服务类型代码为$1'],
  ['category:$1', '备案单位类别代码为$1'],
  ['cover_activity:$1', '申报行业代码为$1'],
  ['industry_class:$1', '行业代码为$1'],
  ['supply:captive', '由自备电厂供电'],
  ['address:park', '地址载明园区'],
  ['$1 $2 $3 >= $4 $5', '$1算力$2 $3，达到$4 $5'],
];

/** Details that are words themselves. */
export const DETAILS: readonly Phrase[] = [
  ['inside address $1 in realm $2', '内部地址$1（网络域$2）'],
  ['inside address $1', '内部地址$1'],
  ['$1 port $2 in realm $3', '$1端口$2（网络域$3）'],
  ['$1 port $2', '$1端口$2'],
  ['$1 in realm $2', '$1（网络域$2）'],
  ['behind $1', '（$1之后）'],
  ['the customer', '该用户'],
  ['the unit', '该单位'],
];
