/** What becomes of leads: joined, taken apart, attributed anew, closed and met again. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lead } from '../../src/ledger/types.ts';
import { Case, COLLEGE, capture, DAY, example, FARM, HOUSEHOLD, type Row } from './case-town.ts';

let town: Case;
beforeAll(async () => {
  town = new Case();
  await town.found();
}, 60_000);
afterAll(() => town.cleanUp());

const kinds = (lead: Lead): string[] => lead.missing.map(({ code }) => code);

describe('merge, split, link, attribute', () => {
  test('merge keeps the second, split gives the part back, links are shown', async () => {
    const own = town.fork();
    const [merged] = await own.rows('leads', 'merge', COLLEGE, HOUSEHOLD, '--note', '同一机房', '--document', 'D-1');
    expect((merged as Row)['id']).toBe(HOUSEHOLD);
    expect((await own.leads()).length).toBe(3);
    expect((await own.lead(COLLEGE)).id).toBe(HOUSEHOLD);
    expect((await own.run('leads', 'merge', COLLEGE, HOUSEHOLD)).stderr).toMatch(/are one lead already/);
    const wrong = await own.run('leads', 'split', HOUSEHOLD, 'Lx');
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/has no part 'Lx'; it has/)]);
    const parts = await own.rows('leads', 'split', HOUSEHOLD, COLLEGE, '--note', '不是一家');
    expect(parts.map(({ id }) => id)).toEqual([HOUSEHOLD, COLLEGE]);
    expect((await own.run('leads', 'split', HOUSEHOLD, HOUSEHOLD)).stderr).toMatch(/cannot be split/);
    const before = await own.rows('leads', 'link', FARM);
    expect(before.every(({ type, version, of }) => type === 'lead_link' && version === 1 && of === FARM)).toBe(true);
    const linked = await own.ok('leads', 'link', FARM, COLLEGE, '--kind', 'same_owner', '--note', '同一法人');
    expect(linked).toContain(`${FARM}  ${COLLEGE}  same_owner  同一法人`);
    expect(linked).toContain('range  198.51.100.0/24');
    expect(
      (await own.rows('leads', 'link', COLLEGE)).some(({ kind, lead }) => kind === 'same_owner' && lead === FARM),
    ).toBe(true);
    expect((await own.run('leads', 'link', FARM, FARM)).stderr).toMatch(/nothing to link/);
    expect((await own.run('leads', 'link', FARM, COLLEGE, '--kind', 'Bad Kind')).stderr).toMatch(/is no kind of link/);
    expect((await own.run('leads', 'link', 'L0')).code).toBe(2);
    expect((await own.run('leads', 'merge', 'L0', FARM)).code).toBe(2);
    expect((await own.run('ledger', 'verify')).code).toBe(0);
    own.cleanUp();
  });

  test('split by address, in the words of the list', async () => {
    const own = new Case();
    await own.replay(capture('example-city.pcap'), '--quiet');
    const leads = await own.leads();
    const [a, b] = leads.map(({ id }) => id) as [string, string];
    const address = leads[0]?.addresses[0]?.ip as string;
    await own.ok('leads', 'merge', a, b);
    const parts = await own.rows('leads', 'split', b, address);
    expect(parts.map(({ id }) => id).toSorted()).toEqual([a, b].toSorted());
    expect((await own.run('leads', 'split', 'L0', address)).code).toBe(2);
    own.cleanUp();
  });

  test('attribute after a log that came late moves the traffic, with its history', async () => {
    const own = town.fork();
    const unattributed = (await own.leads()).find(({ subject }) => subject === null) as Lead;
    expect(unattributed.addresses.map(({ ip }) => ip)).toEqual(['198.51.100.18']);
    await own.ok('registry', 'import', example('nat-blocks.csv'));
    expect(await own.ok('leads', 'attribute', FARM)).toBe('2 detections asked for, 0 belong elsewhere now\n');
    const [row] = await own.rows('leads', 'attribute', unattributed.id);
    expect(row).toEqual({ type: 'leads_attribute', version: 1, detections: 2, moved: 2 });
    const lead = await own.lead(unattributed.id);
    expect(lead.subject?.name).toBe('示例区人民医院（虚构）');
    expect(lead.aliases).toContain(unattributed.id);
    expect(lead.history?.map(({ action }) => action)).toContain('lead.taken_over');
    expect(await own.ok('leads', 'attribute')).toBe('6 detections asked for, 0 belong elsewhere now\n');
    expect((await own.run('leads', 'attribute', 'L0')).code).toBe(2);
    own.cleanUp();
  });
});

describe('recurrence and silence', () => {
  test('a closed farm that mines again is restarted', async () => {
    const own = town.fork();
    own.time += 6 * DAY;
    for (const words of [
      ['status=true'],
      ['status=rectifying'],
      ['status=stopped', '--date', '2026-11-12', '--method', '断电'],
      ['status=inspected'],
      ['status=closed'],
    ]) {
      await own.ok('leads', 'set', FARM, ...words);
    }
    expect((await own.lead(FARM)).status).toBe('closed');
    own.time = Date.UTC(2026, 10, 24, 3) * 1000;
    await own.replay(capture('example-city-later.pcap'), '--quiet');
    const lead = await own.lead(FARM);
    expect(lead.status).toBe('restarted');
    expect(lead.links.map(({ kind }) => kind)).toContain('restart_of');
    expect(lead.history?.map(({ action }) => action)).toContain('lead.restarted');
    expect((await own.leads('--status', 'restarted')).map(({ id }) => id)).toEqual([FARM]);
    own.cleanUp();
  });

  test('not true silences, counts against the signatures, and old traffic wakes nothing', async () => {
    const own = town.fork();
    await own.ok('leads', 'set', FARM, 'status=not_true', '--note', '误报');
    const stats = await own.ok('signatures', 'stats', '--ledger', own.ledger, '--json');
    const rows = stats
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Row);
    expect(rows.every(({ type, version }) => typeof type === 'string' && typeof version === 'number')).toBe(true);
    expect(stats).toMatch(/"not_true":1/);
    expect(await own.ok('signatures', 'stats', '--ledger', own.ledger)).toMatch(/stratum-v1\./);
    own.time = Date.UTC(2026, 10, 24, 3) * 1000;
    await own.replay(capture('example-city.pcap'), capture('example-city-later.pcap'), '--quiet');
    const lead = await own.lead(FARM);
    expect(lead.status).toBe('not_true');
    expect(lead.last_seen?.slice(0, 10)).toBe('2026-11-24');
    expect(kinds(lead)).not.toContain('reopened_stronger_evidence');
    own.cleanUp();
  });
});
