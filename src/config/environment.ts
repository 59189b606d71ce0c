import type { ConfigProblem } from './problem.js';
import { checkListeners } from './listener-checks.js';
import { configSchema } from './schema.js';

/** What the environment says; empty variables count as not set. */
export interface EnvironmentSettings {
  readonly file: string | undefined;
  readonly listen: string | undefined;
  readonly dataDirectory: string | undefined;
  readonly adminPassword: string | undefined;
}

/** Every variable of the gateway's own, for the documentation. */
export const environmentVariables = {
  SCEP_GATEWAY_CONFIG: 'Path of a `gateway.yaml`. Without it the defaults below hold.',
  SCEP_GATEWAY_LISTEN:
    'Address and port, e.g. `0.0.0.0:8080` or `[::1]:8080`; replaces all `listeners`; what stands beside the address of the first one holds for it.',
  SCEP_GATEWAY_DATA_DIR: 'Replaces `data.directory`; relative to the working directory.',
  SCEP_GATEWAY_ADMIN_PASSWORD:
    'Password of the built-in account `admin`, at least 12 characters. Without it one is made at the first start and shown once.',
} as const;

const shortestAdminPassword = 12;

export function readEnvironment(environment: NodeJS.ProcessEnv): EnvironmentSettings {
  const text = (name: keyof typeof environmentVariables) => {
    const value = environment[name];
    return value === '' ? undefined : value;
  };
  return {
    file: text('SCEP_GATEWAY_CONFIG'),
    listen: text('SCEP_GATEWAY_LISTEN')?.trim(),
    dataDirectory: text('SCEP_GATEWAY_DATA_DIR'),
    adminPassword: text('SCEP_GATEWAY_ADMIN_PASSWORD'),
  };
}

export function environmentProblems(settings: EnvironmentSettings): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const { listen, adminPassword } = settings;
  if (listen !== undefined && !isListenAddress(listen)) {
    problems.push(
      variableProblem(
        'SCEP_GATEWAY_LISTEN',
        'is not an address and a port from 0 to 65535',
        'write host:port, such as 0.0.0.0:8080 or [::1]:8080',
      ),
    );
  }
  if (adminPassword !== undefined && Array.from(adminPassword).length < shortestAdminPassword) {
    problems.push(
      variableProblem(
        'SCEP_GATEWAY_ADMIN_PASSWORD',
        `is shorter than ${shortestAdminPassword} characters`,
        `set a password of at least ${shortestAdminPassword} characters, or unset the variable to have one made`,
      ),
    );
  }
  return problems;
}

/** By the same schema and the same check as an entry of `listeners`. */
function isListenAddress(address: string): boolean {
  const parsed = configSchema.safeParse({ listeners: [{ address }] });
  return (
    parsed.success &&
    checkListeners({ config: parsed.data, raw: {}, issuerNames: [], profileNames: [] }).length === 0
  );
}

function variableProblem(name: string, problem: string, mend: string): ConfigProblem {
  return { key: name, problem, mend, path: [name] };
}
