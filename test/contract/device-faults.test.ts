// What the words of drivers mean, and what more is known of a fault by its circumstances.
import { expect, test } from 'vitest'

import { faultOf, inContext } from '../../src-main/contract/device-faults.ts'
import { BasilError, type ErrorRecord, recordOf } from '../../src-main/contract/errors.ts'

test.each<[string, ErrorRecord['code']]>([
  ['WebGPU failed to allocate: Out of memory (VK_ERROR_OUT_OF_DEVICE_MEMORY)', 'out-of-memory'],
  ['Buffer size (5000000000) exceeds the max buffer size limit (2147483648).', 'out-of-memory'],
  ['The GPU device was lost: vkQueueSubmit failed with VK_ERROR_DEVICE_LOST', 'device-lost'],
  ['The GPU device was lost: Device was destroyed.', 'device-lost'],
  ['D3D12: DXGI_ERROR_DEVICE_REMOVED after a reset of the driver', 'device-lost'],
  ['CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access was encountered', 'device-lost'],
  ['WebGPU refused a call: [Invalid ComputePipeline "products"] is invalid', 'device-refused'],
  ['something else', 'internal'],
])('%s', (message, code) => {
  const { record } = { record: recordOf(faultOf(new Error(message), 'a step')) }
  expect(record.code).toBe(code)
  if (code !== 'internal') expect(record).toMatchObject({ why: message, next: expect.stringMatching(/.+/) })
})

const fault = (code: ErrorRecord['code']): ErrorRecord =>
  new BasilError({ code, what: 'It failed', where: 'engine', why: 'evidence', next: 'resume it' }).record

test('a card lost after a sleep, and one whose memory another program took, are told as such', () => {
  const calm = { sleptSeconds: 0, hasFitted: false }
  expect(inContext(fault('device-lost'), calm)).toEqual(fault('device-lost'))
  expect(inContext(fault('device-lost'), { ...calm, sleptSeconds: 7200 })).toMatchObject({
    what: 'The GPU was lost when the machine slept',
    why: 'evidence; the machine had slept for 120 min just before',
  })
  expect(inContext(fault('out-of-memory'), { ...calm, hasFitted: true })).toMatchObject({
    why: expect.stringContaining('another program may have taken memory'),
  })
  expect(inContext(fault('out-of-memory'), { ...calm, sleptSeconds: 60 })).toEqual(fault('out-of-memory'))
})
