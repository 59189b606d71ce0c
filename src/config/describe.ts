import { environmentVariables } from './environment.js';
import { configKeys, type KeyNode } from './key-tree.js';

/** docs/configuration.md: every key, read off the schema. `scripts/generate-configuration-doc.js` writes it. */
export function describeConfig(): string {
  return `${[
    introduction,
    environmentSection(),
    precedence,
    secrets,
    ...[...configKeys().keys].map(([name, node]) => section(name, node)),
  ].join('\n\n')}\n`;
}

const introduction = `# Configuration

<!-- Generated from src/config by \`node scripts/generate-configuration-doc.js\`; change the schema, not this page. -->

scep-gateway starts without any configuration: it makes a CA, listens on \`127.0.0.1:8080\` and keeps its data in \`./data\`.
Everything else stands in one YAML file, \`gateway.yaml\`. Each key below has a default, so a file holds only what differs; \`examples/\` has complete files.

A key that is not known, a value of the wrong type and a combination that cannot work stop the start.
The message names each of them at once: the key with line and column, what is wrong, and what to write.
\`scep-gateway config check\` says the same without starting; \`scep-gateway config import-ndes\` makes a file from the registry of an NDES server.`;

function environmentSection(): string {
  const rows = Object.entries(environmentVariables).map(
    ([name, text]) => `| \`${name}\` | ${text} |`,
  );
  return [
    '## Environment',
    '',
    '| Variable | Meaning |',
    '| --- | --- |',
    ...rows,
    '',
    emptyNote,
  ].join('\n');
}

const emptyNote = 'An empty variable counts as not set.';

const precedence = `## What counts

1. The defaults on this page.
2. The file that \`SCEP_GATEWAY_CONFIG\` names.
3. \`SCEP_GATEWAY_LISTEN\` and \`SCEP_GATEWAY_DATA_DIR\`.

Relative paths of secrets and imported certificates start from the folder of the file; \`data.directory\` starts from the working directory.
Without \`issuers\` there is one, \`local\`, of kind \`local\`. Without \`profiles\` there is one, \`default\`, at \`/scep\`, \`/scep/default\` and \`/certsrv/mscep/mscep.dll\`.
Names of issuers and profiles are up to 32 lower-case letters, digits and hyphens, a letter first.`;

const secrets = `## Secrets

No secret stands in the file. Where one is needed, the file says where it is, in one of three forms:

| Form | Where the secret is |
| --- | --- |
| \`{ file: path }\` | In a text file; one line end after it is not part of it. |
| \`{ env: NAME }\` | In an environment variable. |
| \`{ credential: name }\` | In a systemd credential: \`LoadCredential=name:path\`, read from \`$CREDENTIALS_DIRECTORY\`. |

A secret that is missing or empty stops the start.`;

function section(name: string, node: KeyNode): string {
  const isMapping = node.kind === 'mapping';
  return [
    `## \`${name}\``,
    '',
    ...(isMapping ? [sentence(node), ''] : []),
    '| Key | Type | Default | Meaning |',
    '| --- | --- | --- | --- |',
    ...(isMapping ? [] : [row(name, node)]),
    ...below(name, node),
  ].join('\n');
}

function below(path: string, node: KeyNode): string[] {
  if (node.secret) return [];
  if (node.each) {
    return below(node.kind === 'list' ? `${path}[]` : `${path}.<name>`, node.each);
  }
  return [...node.keys].flatMap(([name, inner]) => [
    row(`${path}.${name}`, inner),
    ...below(`${path}.${name}`, inner),
  ]);
}

function row(path: string, node: KeyNode): string {
  const cells = [`\`${path}\``, typeOf(node), defaultOf(node), sentence(node)];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function typeOf(node: KeyNode): string {
  return node.secret ? '[secret](#secrets)' : node.type;
}

function defaultOf(node: KeyNode): string {
  if (node.defaultText !== undefined) return node.defaultText;
  if (node.required) return '**required**';
  if (node.kind === 'mapping' || node.default === undefined) return '–';
  return `\`${JSON.stringify(node.default).replace(/^"(.*)"$/, '$1')}\``;
}

function sentence(node: KeyNode): string {
  return node.description ?? '';
}
