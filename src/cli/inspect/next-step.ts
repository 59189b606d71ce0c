/** What to do about the problems that src/scep names, by how their sentences begin. */
const steps: readonly (readonly [RegExp, string])[] = [
  [
    /^The signature does not verify/,
    'The message was changed on the way, or its certificate is not that of the key that signed: capture it again, byte for byte.',
  ],
  [
    /^The envelope cannot be opened/,
    'Let the device fetch the CA certificates again (GetCACert) and encrypt to the RA certificate; check --profile.',
  ],
  [/^The certificate of the signer is not in the message/, 'Give it with --cert.'],
  [
    /below the floor/,
    'Set the device to SHA-256 and AES; where that cannot be, add the algorithm to `algorithms` of the profile.',
  ],
  [/^The digest .* is weak/, 'Set the device to SHA-256.'],
  [/^The content cipher .* is broken/, 'Set the device to AES.'],
  [
    /proof of possession fails/,
    'The CSR was changed after it was signed, or holds a key that is not the signer’s: make it anew.',
  ],
  [/^There is no challengePassword/, 'Put a challenge into the CSR: scep-gateway challenge new'],
  [
    /^A RenewalReq is signed with/,
    'Sign it with the certificate to renew, or send PKCSReq with a challenge.',
  ],
  [/cannot decrypt a reply/, 'Put a challenge into the CSR, or use an RSA key.'],
  [/is served by no SCEP server/, 'Use PKCSReq (19) or RenewalReq (17).'],
  [/looks like a web page/, 'Check the URL: a proxy or a sign-in page answered.'],
];

export function nextStep(problem: string): string | undefined {
  return steps.find(([pattern]) => pattern.test(problem))?.[1];
}
