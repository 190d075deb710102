/** With what a machine has to install: a browser, Prometheus, buildah, the package registry. One file at a time. */
export default {
  extensions: ['ts'],
  files: ['test/system/**/*.test.ts'],
  timeout: '5m',
  concurrency: 1,
}
