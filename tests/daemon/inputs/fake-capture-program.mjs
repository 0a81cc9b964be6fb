// Stands in for tcpdump and dumpcap: does what the next line of `plan` beside it says, and notes how it was called.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const folder = dirname(process.argv[1]);
const name = basename(process.argv[1]);
if (process.argv[2] === '--version') {
  const version = join(folder, 'version');
  process.stdout.write(
    existsSync(version) ? readFileSync(version) : 'tcpdump version 4.99.3\nlibpcap version 1.10.3\n',
  );
  process.exit(0);
}
const plan = readFileSync(join(folder, 'plan'), 'utf8').split('\n').filter(Boolean);
const { writes = null, says = [], counts = null, ends = null, stubborn = false, last = null } = JSON.parse(plan[0]);
if (plan.length > 1) writeFileSync(join(folder, 'plan'), plan.slice(1).join('\n'));
appendFileSync(
  join(folder, 'calls'),
  `${JSON.stringify({ name, args: process.argv.slice(2), env: process.env, cwd: process.cwd() })}\n`,
);

writeFileSync(join(folder, 'pid'), String(process.pid));

const stats = (list, joint) => list.map(([n, what]) => `${n} packet${n === 1 ? '' : 's'} ${what}`).join(joint);
process.on('SIGUSR1', () => {
  if (counts !== null) process.stderr.write(`tcpdump: ${stats(counts.shift() ?? [], ', ')}\n`);
});
process.on('SIGTERM', () => {
  if (stubborn) return;
  if (last !== null) process.stderr.write(typeof last === 'string' ? last : `${stats(last, '\n')}\n`);
  process.exit(0);
});
for (const line of says) process.stderr.write(`${line}\n`);
const end = () => {
  if (ends === null) return;
  if (last !== null) process.stderr.write(typeof last === 'string' ? last : `${stats(last, '\n')}\n`);
  process.exitCode = ends;
  clearInterval(alive);
};
const alive = setInterval(() => undefined, 1000);
if (writes === null) end();
else process.stdout.write(Buffer.from(writes, 'base64'), end);
