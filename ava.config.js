/** Unit, property, scenario and house tests: all that needs no other process of ours. */
export default {
  extensions: ['ts'],
  files: ['test/**/*.test.ts', '!test/e2e/**', '!test/system/**', '!test/cluster/**'],
  timeout: '2m',
  concurrency: 2,
}
