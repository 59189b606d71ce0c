import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, resolveSecret, type ResolvedConfig } from '../../src/config/index.js';
import { isGatewayError, type GatewayError } from '../../src/errors/index.js';

type Files = Readonly<Record<string, string | Buffer>>;

function load(files: Files, environment: NodeJS.ProcessEnv): Promise<ResolvedConfig> {
  return loadConfig({ environment, readFile: reader(files), workingDirectory: '/work' });
}

function reader(files: Files) {
  return (path: string): Promise<Uint8Array> => {
    const content = files[path];
    if (content !== undefined) return Promise.resolve(Buffer.from(content));
    return Promise.reject(Object.assign(new Error(`ENOENT ${path}`), { code: 'ENOENT' }));
  };
}

/** Loads /etc/gw/gateway.yaml. */
function loadYaml(yaml: string | Buffer, environment: NodeJS.ProcessEnv = {}, files: Files = {}) {
  return load(
    { '/etc/gw/gateway.yaml': yaml, ...files },
    { SCEP_GATEWAY_CONFIG: '/etc/gw/gateway.yaml', ...environment },
  );
}

async function refusal(loading: Promise<unknown>): Promise<GatewayError> {
  const error: unknown = await loading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isGatewayError(error)) throw new Error('no GatewayError', { cause: error });
  return error;
}

describe('environment', () => {
  test('nothing set: the defaults, data beside the working directory', async () => {
    const resolved = await load({}, {});
    expect(resolved.file).toBeUndefined();
    expect(resolved.adminPassword).toBeUndefined();
    expect(resolved.config.data.directory).toBe('/work/data');
    expect(resolved.config.listeners).toMatchObject([{ address: '127.0.0.1:8080' }]);
    expect(resolved.warnings.map(({ key }) => key)).toEqual(['data.passphrase']);
  });

  test('variables overrule the file', async () => {
    const resolved = await loadYaml(
      'listeners: [{ address: "0.0.0.0:1" }, { address: "0.0.0.0:2" }]\ndata: { directory: one }',
      {
        SCEP_GATEWAY_LISTEN: '[::1]:8080',
        SCEP_GATEWAY_DATA_DIR: 'two',
        SCEP_GATEWAY_ADMIN_PASSWORD: 'twelve chars',
      },
    );
    expect(resolved.config.listeners).toMatchObject([{ address: '[::1]:8080' }]);
    expect(resolved.config.data.directory).toBe('/work/two');
    expect(resolved.adminPassword).toBe('twelve chars');
    expect(resolved.file).toBe('/etc/gw/gateway.yaml');
  });

  test('empty variables count as not set', async () => {
    const resolved = await load(
      {},
      {
        SCEP_GATEWAY_CONFIG: '',
        SCEP_GATEWAY_LISTEN: '',
        SCEP_GATEWAY_DATA_DIR: '',
        SCEP_GATEWAY_ADMIN_PASSWORD: '',
      },
    );
    expect(resolved.config.listeners).toMatchObject([{ address: '127.0.0.1:8080' }]);
    expect(resolved.adminPassword).toBeUndefined();
  });

  test.each(['8080', ':8080', '::1:8080', '[::1]', 'host:99999', 'host:', 'http://host:80'])(
    'SCEP_GATEWAY_LISTEN %s is refused',
    async (listen) => {
      const error = await refusal(load({}, { SCEP_GATEWAY_LISTEN: listen }));
      expect(error.code).toBe('config.invalid');
      expect(error.message).toBe(`environment: 1 problem

  SCEP_GATEWAY_LISTEN
    is not an address and a port from 0 to 65535
    mend: write host:port, such as 0.0.0.0:8080 or [::1]:8080`);
    },
  );

  test('a short administrator password is refused and not shown', async () => {
    const error = await refusal(load({}, { SCEP_GATEWAY_ADMIN_PASSWORD: 'eleven char' }));
    expect(error.code).toBe('config.invalid');
    expect(error.message).toBe(`environment: 1 problem

  SCEP_GATEWAY_ADMIN_PASSWORD
    is shorter than 12 characters
    mend: set a password of at least 12 characters, or unset the variable to have one made`);
  });

  test('a file that is not there', async () => {
    const error = await refusal(load({}, { SCEP_GATEWAY_CONFIG: 'gateway.yml' }));
    expect(error).toMatchObject({
      code: 'config.unreadable',
      message:
        'SCEP_GATEWAY_CONFIG names "/work/gateway.yml", which cannot be read: there is no such file',
      mend: 'correct SCEP_GATEWAY_CONFIG, or unset it to start with the defaults',
    });
  });
});

describe('gateway.yaml', () => {
  test.each(['', '# only a comment\n', '---\n', '{}'])('%j is the defaults', async (yaml) => {
    const { config } = await loadYaml(yaml);
    expect(Object.keys(config.profiles)).toEqual(['default']);
  });

  test('UTF-16 and UTF-8 with a byte order mark are read', async () => {
    const text = '\uFEFFlog: { level: debug }';
    for (const encoding of ['utf16le', 'utf8'] as const) {
      const { config } = await loadYaml(Buffer.from(text, encoding));
      expect(config.log.level).toBe('debug');
    }
  });

  test('octets that are no text are refused', async () => {
    const error = await refusal(loadYaml(Buffer.from('log: \xff\xfe', 'latin1')));
    expect(error).toMatchObject({ code: 'config.unreadable', mend: 'save the file as UTF-8' });
  });

  test('problems come with line and column, sorted, together with those of the environment', async () => {
    const yaml = `# comment
profiles:
  default:
    paths: [/scep, scep]
    polcy: {}
accounts:
  - name: bob
data: &data
  processes: many
`;
    const error = await refusal(loadYaml(yaml, { SCEP_GATEWAY_LISTEN: 'x' }));
    expect(error.code).toBe('config.invalid');
    expect(error.message).toBe(`/etc/gw/gateway.yaml: 5 problems

  SCEP_GATEWAY_LISTEN
    is not an address and a port from 0 to 65535
    mend: write host:port, such as 0.0.0.0:8080 or [::1]:8080

  accounts[0] (line 7, column 5)
    has no password
    mend: add \`passwordHash\`, or \`password\` as { file: path }, { env: NAME } or { credential: name }

  data.processes (line 9, column 3)
    is the text "many" where a whole number is expected
    mend: write an integer from 1 to 64

  profiles.default.paths[1] (line 4, column 20)
    is the text "scep", which is not allowed here
    mend: write a path such as \`/scep/phones\`: a slash, then letters, digits, \`.\`, \`_\`, \`~\` and \`-\`

  profiles.default.polcy (line 5, column 5)
    is not a known key
    mend: did you mean "policy"?`);
  });

  test('a missing key is placed where it should stand; aliases are followed', async () => {
    const error = await refusal(
      loadYaml('x: &x { address: nope }\nissuers:\n  local: {}\nlisteners:\n  - *x\n'),
    );
    expect(error.message).toContain('issuers.local.kind (line 3, column 3)\n    is missing');
    expect(error.message).toContain('listeners[0].address (line 1, column 9)');
  });

  test.each([
    [
      'a duplicate key',
      'log: {}\nlog: {}\n',
      '(line 2, column 1)\n    is not YAML: Map keys must be unique\n    mend: keep one of the two keys',
    ],
    [
      'a tab as indent',
      'log:\n\tlevel: info\n',
      '(line 2, column 1)\n    is not YAML: Tabs are not allowed as indentation\n    mend: indent with blanks',
    ],
    ['two documents', 'log: {}\n---\nlog: {}\n', 'mend: keep one document: remove the line `---`'],
    ['an unknown tag', 'log: !!js/function x\n', 'mend: remove the tag that begins with `!`'],
    ['an open bracket', 'listeners: [', 'mend: correct the line'],
    ['an alias to nothing', 'log: *x', 'uses an alias (`*name`) whose anchor (`&name`) is not set'],
  ])('%s is a problem with its place', async (_name, yaml, text) => {
    const error = await refusal(loadYaml(yaml));
    expect(error.code).toBe('config.invalid');
    expect(error.message).toContain(text);
  });

  test('aliases that unfold without bounds are refused', async () => {
    const levels = Array.from({ length: 9 }, (_, level) => {
      const items = Array.from({ length: 9 }, () => (level === 0 ? 'x' : `*a${level - 1}`));
      return `a${level}: &a${level} [${items.join(', ')}]\n`;
    });
    const error = await refusal(loadYaml(levels.join('')));
    expect(error.message).toContain('uses aliases that unfold without bounds');
  });

  test('huge and deep files are refused, not followed', async () => {
    const huge = await refusal(loadYaml(`# ${'x'.repeat(262_144)}`));
    expect(huge.message).toContain('is larger than 256 KiB');
    for (const piece of ['[', '{a: ', '- ', '? ', '[[]', 'a: [']) {
      const deep = await refusal(loadYaml(piece.repeat(10_000)));
      expect(deep.code).toBe('config.invalid');
    }
    const blocks = Array.from({ length: 60 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('');
    const nested = await refusal(loadYaml(blocks));
    expect(nested.message).toContain('is nested too deep');
  });

  test('a hundred problems are shown, the rest is counted', async () => {
    const yaml = Array.from({ length: 120 }, (_, index) => `x${index}: 1\n`).join('');
    const error = await refusal(loadYaml(yaml));
    expect(error.message).toMatch(/^\/etc\/gw\/gateway\.yaml: 120 problems\n/);
    expect(error.message).toMatch(/\n {2}… and 20 more$/);
  });
});

describe('paths', () => {
  test('secrets and imports lie beside the file, data in the working directory', async () => {
    const { config } = await loadYaml(
      `data: { directory: d, passphrase: { file: p } }
issuers: { local: { kind: local, import: { certificate: ca.pem, key: /k/ca.key, passphrase: { file: q } }, importRa: { pfx: ../ra.pfx } } }
profiles: { default: { challenges: { static: [{ name: a, secret: { file: s/a } }] } } }
accounts: [{ name: bob, password: { file: b } }]`,
      {},
      { '/etc/gw/p': 'p', '/etc/gw/q': 'q', '/etc/gw/s/a': 'a', '/etc/gw/b': 'b' },
    );
    expect(config.data).toMatchObject({ directory: '/work/d', passphrase: { file: '/etc/gw/p' } });
    expect(config.issuers['local']).toMatchObject({
      import: {
        certificate: '/etc/gw/ca.pem',
        key: '/k/ca.key',
        passphrase: { file: '/etc/gw/q' },
      },
      importRa: { pfx: '/etc/ra.pfx' },
    });
    expect(config.profiles['default']?.challenges.static[0]?.secret).toEqual({
      file: '/etc/gw/s/a',
    });
    expect(config.accounts[0]?.password).toEqual({ file: '/etc/gw/b' });
  });
});

describe('secrets', () => {
  test('all that cannot be read are named at once, by key and mend', async () => {
    const error = await refusal(
      loadYaml(
        `data: { passphrase: { credential: pass } }
profiles: { default: { challenges: { static: [{ name: a, secret: { env: EMPTY } }] } } }
accounts:
  - { name: bob, password: { file: nowhere } }
  - { name: eve, password: { env: UNSET } }
issuers: { local: { kind: local, import: { pfx: ca.pfx, passphrase: { env: UNSET } } } }`,
        { EMPTY: '' },
      ),
    );
    expect(error.code).toBe('config.unreadable');
    expect(error.message).toBe(`secrets: 5 problems

  accounts[0].password (line 4, column 18)
    file "nowhere" cannot be read: there is no such file
    mend: put the secret into "/etc/gw/nowhere", readable for the user of the gateway

  accounts[1].password (line 5, column 18)
    variable UNSET is not set
    mend: set UNSET in the environment of the gateway

  data.passphrase (line 1, column 9)
    credential pass cannot be found: CREDENTIALS_DIRECTORY is not set
    mend: start under systemd with LoadCredential=pass:path, or use { file: path }

  issuers.local.import.passphrase (line 6, column 57)
    variable UNSET is not set
    mend: set UNSET in the environment of the gateway

  profiles.default.challenges.static[0].secret (line 2, column 58)
    variable EMPTY is empty
    mend: put the secret into it`);
  });

  test.each([
    ['secret', 'secret'],
    ['secret\n', 'secret'],
    ['secret\r\n', 'secret'],
    ['secret\n\n', 'secret\n'],
    [' secret ', ' secret '],
    ['\uFEFFsecret\n', 'secret'],
  ])('a file with %j holds %j', async (content, secret) => {
    const readFile = reader({ '/run/creds/s': content, '/base/s': content });
    const sources = {
      environment: { CREDENTIALS_DIRECTORY: '/run/creds' },
      baseDirectory: '/base',
      readFile,
    };
    expect(await resolveSecret({ file: 's' }, sources)).toBe(secret);
    expect(await resolveSecret({ credential: 's' }, sources)).toBe(secret);
  });

  test('a variable is taken as it is', async () => {
    const sources = { environment: { S: 'a b\n' }, baseDirectory: '/' };
    expect(await resolveSecret({ env: 'S' }, sources)).toBe('a b\n');
  });

  test('real files are read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'scep-gateway-config-'));
    try {
      writeFileSync(join(folder, 'secret'), 'from disk\n');
      writeFileSync(join(folder, 'gateway.yaml'), 'data: { passphrase: { file: secret } }\n');
      const { readSecret, config } = await loadConfig({
        environment: { SCEP_GATEWAY_CONFIG: 'gateway.yaml' },
        workingDirectory: folder,
      });
      expect(await readSecret(config.data.passphrase!)).toBe('from disk');
      const error = await refusal(readSecret({ file: '.' }));
      expect(error.message).toBe('file "." cannot be read: it is a directory');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
