import 'aws-cdk-lib/testhelpers/jest-autoclean';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { type DeployConfig, readDeployConfig } from '../../lib/config.ts';
import { DataStack } from '../../lib/data-stack.ts';
import { PROJECT_ROOT } from '../../lib/gateway-json.ts';
import { GatewayStack } from '../../lib/gateway-stack.ts';

export const CDK_JSON: { app: string; context: Record<string, unknown> } = JSON.parse(
  readFileSync(join(PROJECT_ROOT, 'cdk.json'), 'utf8'),
);

/** Both stacks as bin/app.ts makes them, with cdk.json's feature flags, but without running esbuild. */
export function synthesize(choices: Partial<DeployConfig> = {}, { bundle = false } = {}) {
  const app = new App({
    context: { ...CDK_JSON.context, ...(bundle ? {} : { 'aws:cdk:bundling-stacks': [] }) },
  });
  const config = readDeployConfig({ ...choices });
  const dataStack = new DataStack(app, 'Data', { requestLogRetention: config.requestLogRetentionDays });
  const gatewayStack = new GatewayStack(app, 'Gateway', { config, data: dataStack });
  return {
    data: Template.fromStack(dataStack),
    gateway: Template.fromStack(gatewayStack),
    assembly: app.synth(),
  };
}

/** The properties of the only resource of this type. */
export function only(template: Template, type: string): Record<string, unknown> {
  const resources = Object.values(template.findResources(type));
  if (resources.length !== 1) throw new Error(`${resources.length} resources of type ${type}`);
  return resources[0]?.Properties ?? {};
}

/** A reference from the gateway's template into the data stack, as the data stack writes it. */
export function resolveOutput(data: Template, reference: unknown): unknown {
  const name = (reference as { 'Fn::GetStackOutput': { OutputName: string } })['Fn::GetStackOutput']
    .OutputName;
  return data.toJSON().Outputs[name].Value;
}
