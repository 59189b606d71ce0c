/** 100,000 mutated messages against a whole gateway: about 5 minutes on two idle cores. */
process.env.MUTATIONS ??= '100000';
process.argv.push('test/bad-input/mutations');
await import('./test.js');
