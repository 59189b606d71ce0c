/** What an administrator decides over HTTP, done as the command line does it. */
import { decideApproval } from '../enrollment/index.js';
import { isGatewayError } from '../errors/index.js';
import type { Decisions } from '../http/index.js';
import { logAudit, type Log } from '../telemetry/index.js';
import { revocationReasons } from '../x509/index.js';
import type { DataDirectory } from './data-directory.js';

export function decisionsOf(
  { enrollments, challenges }: Pick<DataDirectory, 'enrollments' | 'challenges'>,
  { clock, log }: { readonly clock: () => Date; readonly log: Log },
): Decisions {
  return {
    async waiting(limit) {
      const records = await enrollments.pending({ limit });
      return records
        .filter(({ state }) => state.kind === 'awaiting-approval')
        .map(({ id, createdAt, key, subject, clientAddress }) => ({
          id,
          since: createdAt,
          profile: key.profile,
          subject,
          clientAddress,
        }));
    },
    async decide({ account, correlationId, clientAddress }, { id, decision, reason }) {
      try {
        await decideApproval(
          { store: enrollments, challenges, clock },
          {
            transaction: id,
            decision,
            actor: account,
            correlationId,
            address: clientAddress,
            ...(reason !== undefined && { reason }),
          },
        );
        log.info(`request ${decision === 'approve' ? 'approved' : 'denied'}`, {
          correlationId,
          id,
          account,
        });
        return true;
      } catch (error) {
        if (isGatewayError(error) && error.code === 'cli.not-found') return false;
        throw error;
      }
    },
    async revoke({ account, correlationId, clientAddress }, { thumbprint, reason }) {
      const certificate = await enrollments.certificate(thumbprint);
      if (!certificate) return false;
      const record = {
        at: clock(),
        event: 'certificate.revoked',
        correlationId,
        profile: certificate.profile,
        transactionId: certificate.transactionId,
        challengeId: undefined,
        subject: certificate.subject,
        keyId: certificate.keyId,
        clientAddress,
        actor: account,
        outcome: 'ok',
        code: thumbprint,
        reason,
      } as const;
      const revoked = await enrollments.revoke(thumbprint, revocationReasons[reason] ?? 0, record);
      if (revoked) logAudit(log, record);
      return revoked;
    },
  };
}
