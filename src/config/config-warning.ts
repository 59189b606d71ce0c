/** Allowed, but the administrator should know. */
export interface ConfigWarning {
  readonly key: string;
  readonly warning: string;
}
