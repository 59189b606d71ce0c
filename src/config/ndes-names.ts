import { z } from 'zod';

/** A REG_DWORD that is on or off; YAML writers also say true and false. */
const toggle = z.union([z.literal([0, 1]), z.boolean()]).meta({ title: '`0` or `1`' });

/** Names and units of `HKLM\SOFTWARE\Microsoft\Cryptography\MSCEP`, for people who come from NDES. */
export const ndesNamesSchema = z.strictObject({
  PasswordMax: z
    .int()
    .min(1)
    .max(10_000_000)
    .optional()
    .describe('Open challenges at once; `challenges.max`.'),
  PasswordValidity: z
    .int()
    .min(1)
    .max(525_600)
    .optional()
    .describe('Minutes; `challenges.validityMinutes`.'),
  PasswordLength: z.int().min(8).max(32).optional().describe('Octets; `challenges.length`.'),
  UseSinglePassword: toggle
    .optional()
    .describe('`1` shows one lasting password; `challenges.single`.'),
  EnforcePassword: toggle
    .optional()
    .describe('`0` lets anyone enroll without a challenge; `challenges.none: anyone-may-enroll`.'),
});

export type NdesNames = z.infer<typeof ndesNamesSchema>;

/** Which key of `challenges` each name stands for. */
export const ndesNameMeanings = {
  PasswordMax: 'max',
  PasswordValidity: 'validityMinutes',
  PasswordLength: 'length',
  UseSinglePassword: 'single',
  EnforcePassword: 'none',
} as const satisfies Record<keyof NdesNames, string>;

/** Challenge settings with those that the NDES names say. */
export function withNdesNames<
  T extends {
    max: number;
    validityMinutes: number;
    length: number;
    single: boolean;
    none?: 'anyone-may-enroll' | undefined;
  },
>(challenges: T, names: NdesNames | undefined): T {
  if (names === undefined) return challenges;
  return {
    ...challenges,
    max: names.PasswordMax ?? challenges.max,
    validityMinutes: names.PasswordValidity ?? challenges.validityMinutes,
    length: names.PasswordLength ?? challenges.length,
    single: isOn(names.UseSinglePassword) ?? challenges.single,
    none: isOn(names.EnforcePassword) === false ? 'anyone-may-enroll' : challenges.none,
  };
}

function isOn(value: 0 | 1 | boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : Boolean(value);
}
