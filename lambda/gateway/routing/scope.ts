import { PermissionDenied } from '../../errors.ts';
import type { Principal } from '../request/principal.ts';
import { allCandidates, type Candidate, type CandidateParts } from './candidates.ts';

/**
 * Of `candidates` those that the caller may use. A list of names stands for what its names resolve to, aliases and all: a
 * provider and a model there, so that no other name for a model, and no header that leads elsewhere, gets past it.
 */
export function allowed<Of extends Candidate>(
  candidates: readonly Of[],
  { modelLists }: Pick<Principal, 'modelLists'>,
  parts: CandidateParts,
): Of[] {
  let left = [...candidates];
  for (const list of modelLists ?? []) {
    const granted = list.flatMap((name) => allCandidates(name, parts));
    left = left.filter(({ handle, model }) =>
      granted.some((other) => other.handle === handle && other.model === model),
    );
  }
  return left;
}

/** As `allowed`; throws PermissionDenied (403) where nothing is left. */
export function requireAllowed<Of extends Candidate>(
  candidates: readonly Of[],
  principal: Pick<Principal, 'modelLists'>,
  parts: CandidateParts,
): Of[] {
  const left = allowed(candidates, principal, parts);
  if (left.length > 0) return left;
  throw new PermissionDenied('This API key may not use this model.', {
    param: 'model',
    code: 'model_not_allowed',
  });
}
