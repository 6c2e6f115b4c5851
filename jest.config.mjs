export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/transform.mjs' },
  // Two machine cores are common in CI; a worker that grew past this is started anew.
  workerIdleMemoryLimit: '1GB',
};
