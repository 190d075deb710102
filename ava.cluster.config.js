/**
 * On a real Kubernetes cluster. One file at a time: they share it. What kills and freezes processes of the node
 * is for the cluster that this machine brought up; `test/cluster/run.sh` says so where it is another one.
 */
const own = ['', '/tmp/outrigger-cluster/kubeconfig'].includes(process.env.KUBECONFIG ?? '')

export default {
  extensions: ['ts'],
  files: ['test/cluster/**/*.test.ts', ...(own ? [] : ['!test/cluster/node/**'])],
  timeout: '10m',
  concurrency: 1,
}
