/** Traffic Light Protocol markings, 2.0 as the extension of OASIS and 1.0 as STIX 2.1 section 7.2.1.4 has them. */

/** TLP says who may read on by courtesy; it is no grade of Chinese secrecy or data security. */
export const TLP_LEVELS = ['clear', 'green', 'amber', 'amber+strict', 'red'] as const;
export type TlpLevel = (typeof TLP_LEVELS)[number];
export type TlpVersion = '1.0' | '2.0';

const EXTENSION = 'extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d';
const IDS_2: Readonly<Record<TlpLevel, string>> = {
  clear: '94868c89-83c2-464b-929b-a1a8aa3c8487',
  green: 'bab4a63c-aed9-4cf5-a766-dfca5abac2bb',
  amber: '55d920b0-5e8b-4f79-9ee9-91f868d9b421',
  'amber+strict': '939a9414-2ddd-4d32-a0cd-375ea402b003',
  red: 'e828b379-4e03-4974-9ac4-e53a884c97c1',
};
/** 1.0 knows no AMBER+STRICT: the next stricter one stands for it. */
const LEVELS_1: Readonly<Record<TlpLevel, readonly [level: string, id: string]>> = {
  clear: ['white', '613f2e26-407d-48c7-9eca-b8e91df99dc9'],
  green: ['green', '34098fce-860f-48ae-8e50-ebd3cc5e41da'],
  amber: ['amber', 'f88d31f6-486f-44da-b317-01333bde0b82'],
  'amber+strict': ['red', '5e57c739-391a-4eb3-b6be-7d15ca92d5ed'],
  red: ['red', '5e57c739-391a-4eb3-b6be-7d15ca92d5ed'],
};

/** The marking definition as published, which goes into the bundle with the objects that refer to it. */
export function tlpMarking(level: TlpLevel, version: TlpVersion): { readonly id: string } & Record<string, unknown> {
  const common = { type: 'marking-definition', spec_version: '2.1' };
  if (version === '1.0') {
    const [name, uuid] = LEVELS_1[level];
    return {
      ...common,
      id: `marking-definition--${uuid}`,
      created: '2017-01-20T00:00:00.000Z',
      definition_type: 'tlp',
      name: `TLP:${name.toUpperCase()}`,
      definition: { tlp: name },
    };
  }
  return {
    ...common,
    id: `marking-definition--${IDS_2[level]}`,
    created: '2022-10-01T00:00:00.000Z',
    name: `TLP:${level.toUpperCase()}`,
    extensions: { [EXTENSION]: { extension_type: 'property-extension', tlp_2_0: level } },
  };
}
