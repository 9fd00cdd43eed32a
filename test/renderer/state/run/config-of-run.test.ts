// A stored run's settings as a configuration that can be started again.
import { describe, expect, it } from 'vitest'

import { configIssues, resolveConfig } from '../../../../src-main/contract/run/resolve.ts'
import { configOfRun, liesIn } from '../../../../src-renderer/state/run/config-of-run.ts'
import { config } from '../../run-fixture.ts'

describe('configOfRun', () => {
  it('resolves back to the same settings', () => {
    const written = configOfRun(config, '/models/set/')
    expect(configIssues(written)).toEqual([])
    expect(written.pretrained).toBe('pre.safetensors')
    expect(resolveConfig(written, (path) => `/models/set/${path}`)).toEqual(config)
  })

  it('knows whether a folder holds the run', () => {
    expect(liesIn(config, '/models/set')).toBe(true)
    expect(liesIn(config, '/models/se')).toBe(false)
  })
})
