import test from 'ava'
import { gpusOf } from '../../local/gpus.ts'

test('the sidecar measures the devices that its model is given', t => {
  t.is(gpusOf({}), null, 'all')
  t.is(gpusOf({ CUDA_VISIBLE_DEVICES: '2' }), '2')
  t.is(gpusOf({ CUDA_VISIBLE_DEVICES: ' 0, 1' }), '0,1')
  t.is(
    gpusOf({ CUDA_VISIBLE_DEVICES: 'GPU-eebe7a04-74e8-de69-7ea2-fba2bc6db028' }),
    'GPU-eebe7a04-74e8-de69-7ea2-fba2bc6db028',
  )
})

test('a model that is given no device has none measured', t => {
  for (const none of ['', '-1', 'NoDevFiles', '-1,0'])
    t.is(gpusOf({ CUDA_VISIBLE_DEVICES: none }), 'none')
})

test('devices behind one that does not exist are hidden from the model, too', t => {
  t.is(gpusOf({ CUDA_VISIBLE_DEVICES: '1,-1,0' }), '1')
})
