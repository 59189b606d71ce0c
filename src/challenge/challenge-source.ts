/** Where the challenges of a profile come from when they are not ours: an upstream NDES makes them. */
export interface ChallengeSource {
  /** False where messages pass sealed: then nobody here can hold a request against a binding. */
  readonly checksBindings: boolean;
  /** Takes one from upstream. @throws GatewayError `upstream.full`, `upstream.denied`, `upstream.unavailable` */
  fetch(): Promise<UpstreamChallenge>;
}

/** A secret: never log. */
export type UpstreamChallenge =
  | { readonly kind: 'one-time'; readonly password: string; readonly validityMinutes: number }
  /** NDES UseSinglePassword: the same for everybody, until it is changed there. */
  | { readonly kind: 'lasting'; readonly password: string };
