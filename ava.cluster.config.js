/** On a real Kubernetes cluster. One file at a time: they share it. */
export default {
  extensions: ['ts'],
  files: ['test/cluster/**/*.test.ts'],
  timeout: '10m',
  concurrency: 1,
}
