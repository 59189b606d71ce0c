/**
 * The house rules of docs/architecture.md, checked: arrows point down only, no cycles, and a room is
 * entered by its door (index.ts), or by one of a folder in it that most gateways leave shut.
 */
const rooms = {
  errors: [],
  ffi: ['errors'],
  pkcs11: ['errors', 'ffi'],
  address: [],
  asn1: ['errors'],
  xml: ['errors'],
  ntlm: ['errors', 'asn1'],
  dcerpc: ['errors', 'asn1', 'kerberos', 'ntlm'],
  'web-client': ['errors', 'ntlm'],
  x509: ['errors', 'asn1'],
  pkcs7: ['errors', 'asn1', 'x509'],
  store: ['errors'],
  telemetry: ['errors'],
  keys: ['errors', 'asn1', 'pkcs11', 'x509'],
  kerberos: ['errors', 'ffi'],
  directory: ['errors'],
  issuer: ['errors', 'asn1', 'x509', 'store'],
  adcs: ['errors', 'asn1', 'xml', 'x509', 'pkcs7', 'dcerpc', 'issuer', 'web-client'],
  challenge: ['errors', 'store'],
  enrollment: ['errors', 'asn1', 'challenge', 'issuer', 'store', 'x509'],
  scep: ['errors', 'asn1', 'enrollment', 'pkcs7', 'x509'],
  ndes: ['errors', 'challenge', 'scep', 'x509'],
  upstream: ['errors', 'challenge', 'issuer', 'ndes', 'scep', 'store', 'web-client', 'x509'],
  access: ['errors', 'address', 'directory', 'kerberos', 'ntlm', 'store', 'x509'],
  config: ['errors', 'address'],
  gateway: [
    'errors',
    'access',
    'adcs',
    'address',
    'asn1',
    'challenge',
    'config',
    'dcerpc',
    'directory',
    'enrollment',
    'http',
    'issuer',
    'kerberos',
    'keys',
    'ndes',
    'ntlm',
    'pkcs11',
    'pkcs7',
    'scep',
    'store',
    'telemetry',
    'upstream',
    'web-client',
    'x509',
    'xml',
  ],
  doctor: [
    'errors',
    'adcs',
    'address',
    'config',
    'dcerpc',
    'gateway',
    'issuer',
    'keys',
    'pkcs11',
    'upstream',
    'web-client',
    'x509',
  ],
  http: ['errors', 'access', 'challenge', 'ndes', 'scep', 'telemetry', 'x509'],
};

const mayImport = Object.entries(rooms).map(([room, allowed]) => ({
  name: `${room}-imports`,
  comment: `src/${room} may import only: ${allowed.join(', ') || 'nothing'}`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: '^src/', pathNot: `^src/(${[room, ...allowed].join('|')})/` },
}));

/** Folders with a door of their own: what is in them is loaded by who uses it, and not with the rest of the room. */
const foldersWithDoors = {
  access: ['negotiate', 'ntlm'],
  ntlm: ['channel-binding'],
  pkcs7: ['pkijs'],
  scep: ['client', 'explain', 'relay'],
  store: ['memory', 'postgres', 'redis', 'upkeep'],
};

const doors = Object.keys(rooms).map((room) => {
  const folders = (foldersWithDoors[room] ?? []).map((folder) => `${folder}/index`);
  return {
    name: `${room}-door`,
    comment: `src/${room} is entered through ${['index', ...folders].join('.ts, ')}.ts`,
    severity: 'error',
    from: { path: '^src/', pathNot: `^src/${room}/` },
    to: {
      path: `^src/${room}/`,
      pathNot: `^src/${room}/(${['index', ...folders].join('|')})\\.ts$`,
    },
  };
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true }, to: {} },
    {
      name: 'authorization-is-minted-in-enrollment',
      comment: 'Proof-carrying issuance: only authorizers make an Authorization.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(issuer/|enrollment/authorize)' },
      to: { path: '^src/issuer/authorization-mint\\.ts$' },
    },
    ...mayImport,
    ...doors.map((rule) =>
      rule.name === 'issuer-door'
        ? { ...rule, to: { ...rule.to, pathNot: '^src/issuer/(index|authorization-mint)\\.ts$' } }
        : rule,
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
