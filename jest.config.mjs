export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/transform.mjs' },
  // No test depends on how fast the machine is; this only ends one that hangs.
  testTimeout: 60_000,
  // With two cores, which are common in CI, jest's default is one worker: twice the time.
  maxWorkers: '100%',
  // A worker that grew past this is started anew.
  workerIdleMemoryLimit: '1GB',
};
