import { hexOf } from './mix-payload.ts';
import { hash32, type Random } from './mix-random.ts';

/** One turn of a mining conversation: what each side sends now ('' = nothing), and whether it delivers a share. */
export interface Turn {
  readonly miner: string;
  readonly pool: string;
  readonly submit: boolean;
}

/** Turn from which a conversation runs that was under way before the capture began. */
export const MIDSTREAM_STEP = 4;

/** Step `step` of a Stratum V1 conversation as cgminer holds it (https://en.bitcoin.it/wiki/Stratum_mining_protocol). */
export function stratumTurn(step: number, id: number, random: Random): Turn {
  const user = `bench${id % 50}.rig${id}`;
  switch (step) {
    case 0:
      return turn(
        `{"id": 0, "method": "mining.subscribe", "params": ["cgminer/4.11.1"]}\n`,
        `{"id":0,"result":[[["mining.set_difficulty","1"],["mining.notify","1"]],"${hexOf(random, 8)}",4],"error":null}\n`,
      );
    case 1:
      return turn(
        `{"id": 1, "method": "mining.authorize", "params": ["${user}", "x"]}\n`,
        `{"id":1,"result":true,"error":null}\n{"id":null,"method":"mining.set_difficulty","params":[16384]}\n`,
      );
    case 2:
      return turn('', notify(step, random));
    default: {
      if (step % 8 === 0) return turn('', notify(step, random));
      const parameters = `"${user}", "${jobOf(step)}", "${hexOf(random, 8)}", "${hexOf(random, 8)}", "${hexOf(random, 8)}"`;
      return {
        miner: `{"params": [${parameters}], "id": ${step}, "method": "mining.submit"}\n`,
        pool: `{"id":${step},"result":true,"error":null}\n`,
        submit: true,
      };
    }
  }
}

/** Step `step` of a CryptoNote conversation as XMRig holds it (https://github.com/xmrig/xmrig-proxy/blob/master/doc/STRATUM.md). */
export function cryptonoteTurn(step: number, id: number, random: Random): Turn {
  const session = hash32(id).toString(16).padStart(16, '0');
  switch (step) {
    case 0: {
      const agent = 'XMRig/6.26.0 (Linux x86_64) libuv/1.51.0 gcc/13.2.1';
      return turn(
        `{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"4${walletOf(random)}","pass":"rig${id}","agent":"${agent}","algo":["rx/0","cn/r"]}}\n`,
        `{"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"${session}","job":${job(step, random)},"extensions":["algo","keepalive"],"status":"OK"}}\n`,
      );
    }
    default: {
      if (step % 8 === 0) return turn('', `{"jsonrpc":"2.0","method":"job","params":${job(step, random)}}\n`);
      const share = `"job_id":"${jobOf(step)}","nonce":"${hexOf(random, 8)}","result":"${hexOf(random, 64)}"`;
      return {
        miner: `{"id":${step + 1},"jsonrpc":"2.0","method":"submit","params":{"id":"${session}",${share}}}\n`,
        pool: `{"id":${step + 1},"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}\n`,
        submit: true,
      };
    }
  }
}

function turn(miner: string, pool: string): Turn {
  return { miner, pool, submit: false };
}

function jobOf(step: number): string {
  return (0x5f000 + (step >> 3)).toString(16);
}

function notify(step: number, random: Random): string {
  const coinbase = `01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff2003${hexOf(random, 40)}`;
  const branches = `"${hexOf(random, 64)}","${hexOf(random, 64)}","${hexOf(random, 64)}"`;
  const header = `"20000000","1743eca9","${hexOf(random, 8)}",${step === 2}`;
  return `{"id":null,"method":"mining.notify","params":["${jobOf(step)}","${hexOf(random, 64)}","${coinbase}","${hexOf(random, 120)}",[${branches}],${header}]}\n`;
}

function job(step: number, random: Random): string {
  return `{"blob":"1010${hexOf(random, 148)}","job_id":"${jobOf(step)}","target":"b88d0600","algo":"rx/0","height":${3300000 + step},"seed_hash":"${hexOf(random, 64)}"}`;
}

/** 94 characters of the base58 alphabet: the shape of an address, but nobody's. */
function walletOf(random: Random): string {
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  let text = '';
  while (text.length < 94) text += alphabet.charAt(random.below(alphabet.length));
  return text;
}
