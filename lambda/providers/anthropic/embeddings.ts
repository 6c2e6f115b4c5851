import { InvalidRequest } from '../../errors.ts';

/** Anthropic embeds nothing and says so. https://platform.claude.com/docs/en/build-with-claude/embeddings */
export function refuseEmbeddings(model: string): never {
  throw new InvalidRequest(`Anthropic has no embeddings: ${model} can't be used for them.`, {
    param: 'model',
    code: 'unsupported_operation',
  });
}
