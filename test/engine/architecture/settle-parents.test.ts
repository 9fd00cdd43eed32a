// How the towers of a run's parents are computed: as the pre-trained model's, and as the run began.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { Compatibility } from '../../../src-main/contract/checkpoint.ts'
import { nothingSaid } from '../../../src-main/contract/tower.ts'
import { compatibilityOf } from '../../../src-main/engine/measures/compatibility.ts'
import { useOf } from '../../../src-main/engine/weights/checkpoint.ts'
import { openParents } from '../../../src-main/engine/weights/parents.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { clip, model, opened, tower, vision } from './beside.ts'

test('the pre-trained model decides for what was fine-tuned from it, and whatever says otherwise beside that is told', async () => {
  const base = model(tower, { 'config.json': clip })
  const other = model(tower, {
    'config.json': { ...clip, vision_config: { ...vision, num_attention_heads: 2, hidden_act: 'gelu' } },
  })
  const [bare, strange] = [
    model(tower),
    model(tower, { 'config.json': { ...clip, vision_config: { ...vision, num_attention_heads: 0 } } }),
  ]
  const parents = await openParents(base, [other, bare, strange], openSource)
  await parents.close()
  expect(parents.vectors.map(({ architecture }) => architecture.heads)).toEqual([4, 4, 4])
  expect(parents.warnings).toEqual([
    expect.stringMatching(
      /number of attention heads is 2; it is computed with model.safetensors's, 4 \(config.json beside model.safetensors\)/,
    ),
    expect.stringMatching(/activation is gelu; it is computed with .* quick-gelu/),
  ])
})

test('a set of checkpoints is told of a vector whose configuration says other heads than the base’s', async () => {
  const base = model(tower, { 'config.json': clip })
  const other = model(tower, { 'config.json': { ...clip, vision_config: { ...vision, num_attention_heads: 2 } } })
  let found: Compatibility | undefined
  for await (const event of compatibilityOf(base, [other], openSource))
    if (event.type === 'result') found = event.result
  expect(found?.findings).toContainEqual(
    expect.objectContaining({
      level: 'warning',
      file: other,
      what: expect.stringContaining('the number of attention heads is 2'),
    }),
  )
})

test('a run that has begun keeps what it began with, and what says otherwise since is told', async () => {
  const path = model(tower, { 'config.json': clip })
  const { settings } = await opened(path)
  writeFileSync(
    join(path, '..', 'config.json'),
    JSON.stringify({ ...clip, vision_config: { ...vision, num_attention_heads: 2 } }),
  )
  const parents = await openParents(path, [], openSource, useOf({ ...nothingSaid, tower: settings }))
  await parents.close()
  expect(parents.base.settings).toEqual(settings)
  expect(parents.warnings).toEqual([expect.stringMatching(/is 2; 4 is used/)])
})
