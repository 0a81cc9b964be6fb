/** Names that everybody looks up, and names that only look like a pool's: none of them may be found in the list. */
export const ORDINARY: readonly string[] = `
google.com www.google.com mail.google.com accounts.google.com fonts.googleapis.com fonts.gstatic.com play.google.com
www.google.com.hk www.google.co.uk maps.google.com dns.google clients4.google.com ssl.gstatic.com youtube.com
www.youtube.com i.ytimg.com r3---sn-4g5e6nez.googlevideo.com doubleclick.net googletagmanager.com google-analytics.com
facebook.com www.facebook.com static.xx.fbcdn.net instagram.com www.instagram.com whatsapp.net web.whatsapp.com
twitter.com x.com api.twitter.com pbs.twimg.com t.co linkedin.com www.linkedin.com reddit.com www.reddit.com
i.redd.it pinterest.com tiktok.com www.tiktok.com snapchat.com telegram.org t.me web.telegram.org discord.com
gateway.discord.gg cdn.discordapp.com signal.org wikipedia.org en.wikipedia.org zh.wikipedia.org wikimedia.org
amazon.com www.amazon.com amazonaws.com s3.amazonaws.com ec2-192-0-2-1.compute-1.amazonaws.com sqs.us-east-1.amazonaws.com
cloudfront.net d111111abcdef8.cloudfront.net aws.amazon.com microsoft.com www.microsoft.com login.microsoftonline.com
outlook.office365.com teams.microsoft.com update.microsoft.com windowsupdate.com ctldl.windowsupdate.com
settings-win.data.microsoft.com live.com bing.com www.bing.com azure.com portal.azure.com blob.core.windows.net
apple.com www.apple.com icloud.com gateway.icloud.com captive.apple.com itunes.apple.com mesu.apple.com
push.apple.com netflix.com www.netflix.com nflxvideo.net spotify.com open.spotify.com disneyplus.com twitch.tv
www.twitch.tv hulu.com steampowered.com store.steampowered.com steamcommunity.com epicgames.com battle.net
playstation.net xboxlive.com roblox.com minecraft.net leagueoflegends.com github.com www.github.com api.github.com
raw.githubusercontent.com github.io codeload.github.com gist.github.com gitlab.com bitbucket.org stackoverflow.com
stackexchange.com npmjs.com registry.npmjs.org pypi.org files.pythonhosted.org crates.io static.crates.io rubygems.org
golang.org proxy.golang.org docker.io registry-1.docker.io hub.docker.com debian.org deb.debian.org ubuntu.com
archive.ubuntu.com security.ubuntu.com fedoraproject.org centos.org archlinux.org kernel.org www.kernel.org apache.org
nodejs.org mozilla.org www.mozilla.org firefox.com detectportal.firefox.com addons.mozilla.org chromium.org
cloudflare.com www.cloudflare.com one.one.one.one cdnjs.cloudflare.com cloudflare-dns.com fastly.net akamai.net
akamaiedge.net e1234.dscb.akamaiedge.net edgekey.net jsdelivr.net cdn.jsdelivr.net unpkg.com letsencrypt.org
r3.o.lencr.org ocsp.digicert.com ocsp.sectigo.com ocsp.pki.goog crl3.digicert.com verisign.com godaddy.com
namecheap.com wordpress.com wordpress.org blogger.com medium.com tumblr.com wix.com shopify.com squarespace.com
ebay.com www.ebay.com aliexpress.com paypal.com www.paypal.com stripe.com api.stripe.com visa.com mastercard.com
chase.com bankofamerica.com hsbc.com zoom.us us02web.zoom.us slack.com wss-primary.slack.com dropbox.com box.com
notion.so atlassian.net trello.com salesforce.com oracle.com ibm.com sap.com adobe.com intel.com amd.com nvidia.com
www.nvidia.com dell.com hp.com lenovo.com samsung.com huawei.com xiaomi.com nytimes.com bbc.co.uk www.bbc.co.uk
theguardian.com cnn.com reuters.com bloomberg.com wsj.com lemonde.fr spiegel.de elpais.com yahoo.com mail.yahoo.com
yahoo.co.jp rakuten.co.jp naver.com daum.net kakao.com line.me yandex.ru mail.ru vk.com ok.ru rambler.ru
baidu.com www.baidu.com tieba.baidu.com pan.baidu.com hm.baidu.com qq.com www.qq.com weixin.qq.com mp.weixin.qq.com
wx.qq.com y.qq.com im.qq.com gtimg.cn qpic.cn taobao.com www.taobao.com tmall.com alicdn.com g.alicdn.com alipay.com
aliyun.com oss-cn-hangzhou.aliyuncs.com jd.com www.jd.com pinduoduo.com meituan.com dianping.com ctrip.com
12306.cn www.12306.cn weibo.com sina.com.cn www.sina.com.cn sohu.com 163.com mail.163.com 126.com netease.com
music.163.com bilibili.com api.bilibili.com hdslb.com zhihu.com www.zhihu.com douban.com csdn.net cnblogs.com
gitee.com toutiao.com douyin.com bytedance.com kuaishou.com iqiyi.com youku.com ximalaya.com amap.com didiglobal.com
360.cn www.gov.cn people.com.cn xinhuanet.com cctv.com edu.cn tsinghua.edu.cn pku.edu.cn mit.edu stanford.edu
ox.ac.uk europa.eu nasa.gov nih.gov who.int un.org ietf.org www.ietf.org iana.org w3.org icann.org
time.windows.com time.apple.com time.google.com pool.ntp.org 0.pool.ntp.org cn.pool.ntp.org 2.asia.pool.ntp.org
ntp.aliyun.com ntp.ubuntu.com time.cloudflare.com stun.l.google.com openai.com api.openai.com chatgpt.com
huggingface.co kaggle.com coursera.org udemy.com duolingo.com booking.com airbnb.com uber.com lyft.com tesla.com
binance.com www.binance.com api.binance.com coinbase.com api.coinbase.com kraken.com okx.com bitfinex.com
coinmarketcap.com coingecko.com api.coingecko.com etherscan.io blockchain.info blockchair.com bitcoin.org
ethereum.org getmonero.org ledger.com trezor.io metamask.io infura.io mainnet.infura.io electrum.org
electrum.blockstream.info seed.bitcoin.sipa.be dnsseed.bluematt.me bitcointalk.org
com net org cn io co.uk com.cn org.cn net.cn com.br co.jp github.io s3.amazonaws.com blogspot.com ddns.net mooo.com
mypool.example bitcoin-news.example stratum.example pool.example.com mining.example.net swimming-pool.example
pool.local stratum.lan notnanopool.org xnanopool.org nanopool.org.evil.example nanopool.org.cn nanopool.com.evil.example
evil-f2pool.com f2pool.com.evil.example anopool.org 2miners.com.example viabtc.example xn--fiqs8s
xn--e1afmkfd.xn--p1ai xn--nanopool-9za.org minersunited.example pooling.example carpool.example miningjournal.example
datamining.example coal-mining.example mining.example poolparty.example
localhost router.lan printer.local wpad 1.0.0.127.in-addr.arpa _dmarc.example.com a b.c
`
  .trim()
  .split(/\s+/);
