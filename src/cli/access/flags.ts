export interface ExplainFlags {
  readonly peer: string;
  readonly listener?: string;
  readonly header?: readonly string[];
  readonly proxyLine?: string;
  readonly path: string;
  readonly clientCertificate?: string;
  readonly config?: string;
  readonly json?: boolean;
}

export interface TestFlags {
  readonly config?: string;
  readonly json?: boolean;
}
