import type { ServerResponse } from 'node:http';
import { startUpstream } from './fake-upstream.ts';

/** An error as CloudFormation answers it. */
export interface StackError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

export interface FakeCloudFormation {
  readonly origin: string;
  /** The outputs of each stack. */
  readonly stacks: Map<string, Readonly<Record<string, string>>>;
  /** The regions that requests were signed for. */
  readonly regions: string[];
  /** Answers every request, where there is one. */
  failure: StackError | undefined;
  close(): Promise<void>;
}

/** CloudFormation's DescribeStacks over HTTP. */
export async function startCloudFormation(): Promise<FakeCloudFormation> {
  const upstream = await startUpstream(({ headers, body }, response) => {
    const [, region = ''] = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(String(headers.authorization)) ?? [];
    fake.regions.push(region);
    const name = new URLSearchParams(body.toString('utf8')).get('StackName') ?? '';
    const outputs = fake.stacks.get(name);
    const missing = { status: 400, code: 'ValidationError', message: `Stack with id ${name} does not exist` };
    if (fake.failure !== undefined) sendError(response, fake.failure);
    else if (outputs === undefined) sendError(response, missing);
    else sendXml(response, 200, description(name, outputs));
  });
  const fake: FakeCloudFormation = {
    origin: upstream.origin,
    stacks: new Map(),
    regions: [],
    failure: undefined,
    close: () => upstream.close(),
  };
  return fake;
}

function description(name: string, outputs: Readonly<Record<string, string>>): string {
  const members = Object.entries(outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  const stack = `<StackName>${name}</StackName><StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime><Outputs>${members.join('')}</Outputs>`;
  return `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member>${stack}</member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
}

function sendError(response: ServerResponse, { status, code, message }: StackError): void {
  const error = `<Type>Sender</Type><Code>${code}</Code><Message>${message}</Message>`;
  sendXml(
    response,
    status,
    `<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error>${error}</Error><RequestId>1</RequestId></ErrorResponse>`,
  );
}

function sendXml(response: ServerResponse, status: number, xml: string): void {
  response.writeHead(status, { 'content-type': 'text/xml' }).end(xml);
}
