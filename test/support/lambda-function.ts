export const REGION = 'us-east-1';
export const ACCOUNT = '123456789012';

/** The function under test, as its context, its environment and its invocations name it. */
export const FUNCTION = {
  name: 'sluice',
  arn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:sluice`,
  version: '$LATEST',
  memoryMb: '512',
  logGroup: '/aws/lambda/sluice',
  logStream: '2026/01/01/[$LATEST]0123456789abcdef',
};
