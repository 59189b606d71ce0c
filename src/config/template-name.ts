import { z } from 'zod';

/** Goes into a line `CertificateTemplate:name`: no line ends, no colon. */
export const templateName = z
  .string()
  .regex(
    /^[^\p{C}:"\\]{1,64}$/u,
    'the name (cn) of a certificate template such as `IPSECIntermediateOffline`',
  );
