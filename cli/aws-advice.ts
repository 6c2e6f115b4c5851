import { ConfigError } from '../lambda/config.ts';
import { OperatorError } from './operator-error.ts';
import { UsageError } from './usage-error.ts';

const NEEDED =
  'The CLI needs cloudformation:DescribeStacks, and dynamodb:Scan, GetItem, PutItem and DeleteItem on the two tables that the stack names';
const UNREACHABLE = /^(?:ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|TimeoutError)/;

/** A failure of a command as one that says what to do next; `place` is where the command worked. */
export function explained(error: unknown, place: string): unknown {
  if (error instanceof UsageError || error instanceof OperatorError || error instanceof ConfigError)
    return error;
  const root = rootOf(error);
  if (root === undefined) return error;
  const advice = awsAdvice(root);
  if (advice !== undefined) return new OperatorError(advice);
  if (root.name === 'ResourceNotFoundException')
    return new OperatorError(
      `A table of ${place} is not there: was its data stack removed? Deploy it again (npx cdk deploy --all).`,
    );
  if (UNREACHABLE.test(codeOf(root)))
    return new OperatorError(
      `The database of ${place} does not answer (${codeOf(root)}). Try again; nothing is lost.`,
    );
  return new OperatorError(`${place} can not be worked with: ${root.message || root.name}`);
}

/** What an operator can do about an error of AWS or of its SDK; undefined where it is none that we know. */
export function awsAdvice(error: Error): string | undefined {
  const { name, message } = error;
  if (/region is missing/i.test(message))
    return 'No AWS region is known: give --region, or set AWS_REGION or a region in your AWS profile.';
  if (/ExpiredToken|expired/i.test(`${name} ${message}`))
    return 'Your AWS credentials have expired: sign in again (aws sso login), then repeat the command.';
  if (/Credentials|Token|UnrecognizedClient|Signature/.test(name))
    return `No usable AWS credentials were found (${name}): run aws configure or aws sso login, or set AWS_PROFILE.`;
  if (/AccessDenied|UnauthorizedOperation/.test(name)) {
    const action = /perform: ([\w:-]+)/.exec(message)?.[1] ?? 'that';
    return `Your AWS identity may not do ${action}. ${NEEDED}: ask for them, or choose another profile with AWS_PROFILE.`;
  }
  if (/Throttl|ThroughputExceeded|RequestLimitExceeded/.test(name))
    return `AWS takes no more requests at the moment (${name}): repeat the command in a minute.`;
  return undefined;
}

/** The stores wrap what went wrong: the operator needs the bottom of it. */
function rootOf(error: unknown): Error | undefined {
  if (!(error instanceof Error)) return undefined;
  return rootOf(error.cause) ?? error;
}

export function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
