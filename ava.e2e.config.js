/** The whole loop with real processes. One file at a time: each is given both cores. */
export default {
  extensions: ['ts'],
  files: ['test/e2e/**/*.test.ts'],
  timeout: '5m',
  concurrency: 1,
}
