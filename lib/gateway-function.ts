import { join } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { type BundlingOptions, LogLevel, NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ENVIRONMENT } from '../lambda/environment.ts';
import { BUNDLE } from './bundle.ts';
import { PROJECT_ROOT } from './gateway-json.ts';

export interface GatewayFunctionProps {
  readonly memorySize: number;
  readonly timeoutSeconds: number;
  readonly logRetention: RetentionDays;
  /** @default - no reservation: the account's quota is the limit */
  readonly reservedConcurrency?: number;
  /** Absolute path of the gateway.json to put beside the bundle. @default - the gateway's defaults */
  readonly gatewayJson?: string;
}

/** The gateway: `lambda/` as one file, and the role it runs as. */
export class GatewayFunction extends Construct {
  readonly handler: NodejsFunction;

  constructor(scope: Construct, id: string, props: GatewayFunctionProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', {
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // A role of our own: the one that the CDK makes has AWSLambdaBasicExecutionRole, which may write to every log
    // group of the account.
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    this.handler = new NodejsFunction(this, 'Handler', {
      description: 'Sluice: the gateway',
      entry: join(PROJECT_ROOT, 'lambda', 'index.ts'),
      projectRoot: PROJECT_ROOT,
      depsLockFilePath: join(PROJECT_ROOT, 'package-lock.json'),
      bundling: bundling(props.gatewayJson),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memorySize,
      timeout: Duration.seconds(props.timeoutSeconds),
      environment: props.gatewayJson === undefined ? {} : { [ENVIRONMENT.config]: '/var/task/gateway.json' },
      role,
      logGroup,
      // The gateway writes its own JSON lines. With JSON here, Lambda would wrap what the SDK prints in lines of
      // another shape, and drop lines of ours by their `level`: text passes each line through as it is.
      // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
      loggingFormat: LoggingFormat.TEXT,
      ...(props.reservedConcurrency === undefined
        ? {}
        : { reservedConcurrentExecutions: props.reservedConcurrency }),
    });
  }
}

function bundling(gatewayJson: string | undefined): BundlingOptions {
  return {
    minify: BUNDLE.minify,
    keepNames: BUNDLE.keepNames,
    logLevel: LogLevel.WARNING,
    target: BUNDLE.target,
    // The asset holds no package.json, so index.js is CommonJS to Node.
    format: OutputFormat.CJS,
    // The runtime's own SDK is older, and slower to load than a tree-shaken one.
    bundleAwsSDK: true,
    mainFields: [...BUNDLE.mainFields],
    esbuildArgs: Object.fromEntries(
      Object.entries(BUNDLE.alias).map(([name, path]) => [`--alias:${name}`, path]),
    ),
    commandHooks: {
      beforeBundling: () => [],
      beforeInstall: () => [],
      afterBundling: (_, outputDir) => (gatewayJson === undefined ? [] : [copy(gatewayJson, outputDir)]),
    },
  };
}

/** A command that bash and cmd.exe both understand; they share no way to copy a file. */
function copy(gatewayJson: string, outputDir: string): string {
  const script = "require('node:fs').copyFileSync(process.argv[1], process.argv[2])";
  return `node -e "${script}" "${gatewayJson}" "${join(outputDir, 'gateway.json')}"`;
}
