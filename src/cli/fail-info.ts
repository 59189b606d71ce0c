/** failInfo (RFC 8894 §3.2.1.4) in plain words, and what whoever sees it can do. */
export const failInfoMeaning = {
  badAlg: {
    means: 'The server does not take an algorithm of the request: digest, cipher or kind of key.',
    mend: 'Use SHA-256 and AES, or raise the floor of the profile (algorithms in gateway.yaml).',
  },
  badMessageCheck: {
    means: 'Signature, encryption or proof of possession failed.',
    mend: 'Let the device fetch the CA certificates anew (GetCACert): it may hold an old RA certificate.',
  },
  badRequest: {
    means: 'The server does not allow this request: challenge, renewal or policy.',
    mend: 'The failInfoText says which; most often the challenge was used or has expired.',
  },
  badTime: {
    means: 'A time in the message was too far from that of the server.',
    mend: 'Set the clock of the device.',
  },
  badCertId: {
    means: 'The server knows no certificate, CRL or transaction of that name.',
    mend: 'Check issuer and serial number; a poll must repeat the transactionID of its request.',
  },
} as const;
