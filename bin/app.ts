import { App } from 'aws-cdk-lib';
import { ConfigError } from '../lambda/config.ts';
import { readDeployConfig } from '../lib/config.ts';
import { DataStack } from '../lib/data-stack.ts';
import { GatewayStack } from '../lib/gateway-stack.ts';

/** The CDK app: two stacks without a fixed account or region, so that `cdk deploy` takes those of the shell. */
try {
  const app = new App();
  const config = readDeployConfig(app.node.getAllContext());
  const data = new DataStack(app, `${config.stackPrefix}Data`, {
    requestLogRetention: config.requestLogRetentionDays,
  });
  new GatewayStack(app, `${config.stackPrefix}Gateway`, { config, data });
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
