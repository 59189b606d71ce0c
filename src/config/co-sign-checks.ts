import type { ConfigWarning } from './config-warning.js';
import type { CoSignConfig } from './co-sign-schema.js';
import { checkFileSet } from './file-set-check.js';
import { keyText, problemAt, quoted, type ConfigPath, type ConfigProblem } from './problem.js';
import type { GatewayConfig } from './schema.js';

export function checkCoSign(path: ConfigPath, coSign: CoSignConfig | undefined): ConfigProblem[] {
  if (coSign === undefined) return [];
  const { form, addExtensions } = coSign;
  return [
    ...(['agent', 'secondAgent'] as const).flatMap((key) =>
      coSign[key] ? checkFileSet([...path, key], coSign[key]) : [],
    ),
    ...(form === 'cms' && addExtensions.length > 0
      ? [
          problemAt(
            [...path, 'addExtensions'],
            'is set, but a request of `form: cms` cannot be added to',
            'write `form: cmc`, or remove it',
          ),
        ]
      : []),
  ];
}

/** Templates that are signed for and never asked for are mostly misspelt. */
export function coSignWarnings({ issuers, profiles }: GatewayConfig): ConfigWarning[] {
  return Object.entries(issuers).flatMap(([name, issuer]) => {
    if (!('coSign' in issuer) || issuer.coSign === undefined) return [];
    const { template, templates } = issuer;
    const asked = new Set(
      [
        ...(template === undefined ? Object.values(templates) : [template]),
        ...Object.values(profiles)
          .filter((profile) => profile.issuer === name || profile.standby.includes(name))
          .flatMap((profile) => profile.template ?? []),
      ].map((each) => each.toLowerCase()),
    );
    return issuer.coSign.templates.flatMap((each, index) =>
      asked.has(each.toLowerCase())
        ? []
        : [
            {
              key: keyText(['issuers', name, 'coSign', 'templates', index]),
              warning: `names ${quoted(each)}, a template that no request of this issuer is for`,
            },
          ],
    );
  });
}
