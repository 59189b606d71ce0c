import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { GatewayError } from '../../errors/index.js';

const caseSchema = z.strictObject({
  name: z.string().min(1),
  listener: z.string().optional(),
  peer: z.string(),
  headers: z.array(z.string()).default([]),
  proxyLine: z.string().optional(),
  path: z.string().startsWith('/').default('/certsrv/mscep/mscep.dll'),
  clientCertificate: z.string().optional(),
  client: z.string().optional(),
  account: z.string().optional(),
  expect: z.enum(['allow', 'deny']),
});

const fileSchema = z.strictObject({ cases: z.array(caseSchema).min(1) });

/** One expected decision. */
export type AccessCase = z.infer<typeof caseSchema>;

/** @throws GatewayError `cli.usage` when the file holds no cases */
export async function readCases(file: string): Promise<readonly AccessCase[]> {
  const outcome = fileSchema.safeParse(await readYaml(file));
  if (outcome.success) return outcome.data.cases;
  const [issue] = outcome.error.issues;
  const place = (issue?.path ?? []).join('.') || 'the whole file';
  throw new GatewayError('cli.usage', `${file}: ${place}: ${issue?.message ?? 'no cases'}`, {
    mend: 'See `scep-gateway access test --help` for what a case holds.',
  });
}

async function readYaml(file: string): Promise<unknown> {
  try {
    return parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'it cannot be read';
    throw new GatewayError('cli.usage', `${file} cannot be used: ${reason}`, { cause });
  }
}

/** `Name: value` lines as node has them: name, value, name, value … */
export function rawHeaders(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      throw new GatewayError('cli.usage', `${JSON.stringify(line)} is no header.`, {
        mend: "Write it as 'Name: value'.",
      });
    }
    return [name, value.replace(/[ \t]+$/, '')];
  });
}
