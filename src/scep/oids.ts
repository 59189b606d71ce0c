/** OIDs of SCEP's signed attributes (RFC 8894 §3.2.1), failInfoText (§3.2.1.5), and Windows' own two. */
export const scepOids = {
  messageType: '2.16.840.1.113733.1.9.2',
  pkiStatus: '2.16.840.1.113733.1.9.3',
  failInfo: '2.16.840.1.113733.1.9.4',
  senderNonce: '2.16.840.1.113733.1.9.5',
  recipientNonce: '2.16.840.1.113733.1.9.6',
  transactionId: '2.16.840.1.113733.1.9.7',
  failInfoText: '1.3.6.1.5.5.7.24.1',
  /** szOID_ENROLL_SCEP_ERROR: PrintableString, HRESULT as a signed decimal. */
  microsoftError: '1.3.6.1.4.1.311.21.33',
  /** szOID_ENROLL_SCEP_SERVER_MESSAGE: UTF8String. */
  microsoftServerMessage: '1.3.6.1.4.1.311.21.38',
} as const;
