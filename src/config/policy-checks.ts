import type { CheckedConfig } from './checked-config.js';
import { patternFault } from './pattern.js';
import { problemAt, type ConfigPath, type ConfigProblem } from './problem.js';
import type { ProfileConfig } from './profile-schema.js';

export function checkPolicies({ config }: CheckedConfig): ConfigProblem[] {
  return Object.entries(config.profiles).flatMap(([name, { policy }]) => {
    const path = ['profiles', name, 'policy'];
    return [
      ...checkRsaBits([...path, 'rsaBits'], policy.rsaBits),
      ...checkPattern([...path, 'subject', 'pattern'], policy.subject.pattern),
      ...checkPattern([...path, 'san', 'pattern'], policy.san.pattern),
      ...checkSan(path, policy),
    ];
  });
}

function checkRsaBits(
  path: ConfigPath,
  { min, max }: ProfileConfig['policy']['rsaBits'],
): ConfigProblem[] {
  if (min <= max) return [];
  return [
    problemAt(
      [...path, 'min'],
      `is ${min}, above max, which is ${max}`,
      `write ${max} or less, or raise max`,
    ),
  ];
}

function checkPattern(path: ConfigPath, pattern: string | undefined): ConfigProblem[] {
  const fault = pattern === undefined ? undefined : patternFault(pattern);
  return fault === undefined ? [] : [problemAt(path, fault.problem, fault.mend)];
}

function checkSan(path: ConfigPath, { san, subject }: ProfileConfig['policy']): ConfigProblem[] {
  if (san.types.length > 0) return [];
  const problems: ConfigProblem[] = [];
  if (san.required) {
    problems.push(
      problemAt(
        [...path, 'san', 'required'],
        'demands a subjectAltName, but san.types allows no kind of it',
        'list the kinds under san.types, or write `required: false`',
      ),
    );
  }
  if (subject.allowEmpty) {
    problems.push(
      problemAt(
        [...path, 'subject', 'allowEmpty'],
        'needs a subjectAltName in place of the subject, but san.types allows no kind of it',
        'list the kinds under san.types, or write `allowEmpty: false`',
      ),
    );
  }
  return problems;
}
