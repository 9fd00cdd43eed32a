// A variable of WGSL without an initialiser keeps its value from one turn of a loop to the next on a software driver
// (findings/webgpu-variable-in-a-loop-keeps-its-value.sh), whatever WGSL says: none of our kernels has one.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

const folder = join(import.meta.dirname, '../../../../src-main/engine/devices/webgpu')
const bare = /\bvar [\w${}]+ ?: ?[^=;]+;/g

test('every variable of a kernel has an initialiser', () => {
  expect('{ var s : vec4f; }'.match(bare)).toHaveLength(1)
  expect('{ var s = vec4f(); var<workgroup> t : array<f32, 4>; }'.match(bare)).toBeNull()
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'))
  expect(files.length).toBeGreaterThan(10)
  const found = files.flatMap((name) => readFileSync(join(folder, name), 'utf8').match(bare) ?? [])
  expect(found).toEqual([])
})
