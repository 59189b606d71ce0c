#!/usr/bin/env node
// Node 22 calls its SQLite experimental, on standard error and at every command. The store has its own
// tests on every release we support; whoever runs a gateway can do nothing about it.
const [print] = process.listeners('warning');
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name === 'ExperimentalWarning' && warning.message.startsWith('SQLite')) return;
  print?.call(process, warning);
});

await import('../dist/cli/main.js');
