// A run and a study as pages of HTML: whole, without a script or anything that is fetched, and every text is text.
import { describe, expect, it } from 'vitest'

import { sha256 } from '../../../../src-main/contract/branded.ts'
import { runHtml } from '../../../../src-renderer/plot/page/run-page.ts'
import { studyHtml } from '../../../../src-renderer/plot/page/study-page.ts'
import { run } from '../../run-fixture.ts'
import { one, study } from '../../study-fixture.ts'

const evil = `"><img src=x onerror=alert(1)><script>alert('1')</script><!--]]>&amp;</style></svg>`
const colour = (scheme: 'light' | 'dark') => (scheme === 'light' ? 'rgb(1, 2, 3)' : 'rgb(250, 251, 252)')

/** Names full of markup, wherever a name can be. */
function hostile() {
  const detail = run()
  const named = {
    ...detail.config,
    name: evil,
    tasks: detail.config.tasks.map((task) => ({ ...task, name: evil + task.name })),
  }
  const scores = (tasks: { task: string }[]) => tasks.map((one) => ({ ...one, task: evil + one.task }))
  return {
    ...detail,
    ...{ name: evil, config: named, blocks: [evil, 'visual.transformer.resblocks.0.w', evil] },
    ...{ method: evil, objective: evil, engine: evil },
    start: detail.start && { ...detail.start, vectors: [evil, evil], method: evil },
    parents: [
      { role: 'pretrained' as const, file: `/x/${evil}`, name: evil, bytes: 5, sha256: sha256('0f'.repeat(32)) },
    ],
    images: detail.images.map((one) => ({ ...one, task: evil })),
    evaluations: detail.evaluations.map((one) => ({ ...one, tasks: scores(one.tasks) as typeof one.tasks })),
    error: { code: 'engine-lost' as const, what: evil, where: evil, why: evil, next: evil },
  }
}

function expectSafe(page: string) {
  expect(page).not.toMatch(
    /<script|<img|onerror=alert\(1\)>|<link|@import|url\(|https?:\/\/(?!www\.w3\.org\/2000\/svg)/,
  )
  expect(page).toContain('default-src &#39;none&#39;')
  expect(page.match(/<\/html>/g)).toHaveLength(1)
  expect(page.match(/<svg /g)?.length).toBe(page.match(/<\/svg>/g)?.length)
  expect(page.match(/<style>/g)).toHaveLength(1)
}

describe('a run', () => {
  it('is a page with its figures, drawings, parents, engine, recipe and settings', () => {
    const page = runHtml(run(), colour)
    for (const part of [
      'Run 7: by hand',
      '70.0 % on test data',
      '+50.0 pt over pre-trained',
      'Accuracy by step',
      'Growth per iteration',
      'Loss by step',
      'Coefficients of the difference vector',
      'Stages',
      'Made from',
      'Engine and times',
      'Recipe',
      '&quot;learningRate&quot;',
      'Mean, to pre-trained',
    ])
      expect(page).toContain(part)
    expect(page.match(/<svg /g)).toHaveLength(7)
    expect(page).toContain('--ink: light-dark(rgb(1, 2, 3), rgb(250, 251, 252));')
    expectSafe(page)
  })

  it('whose names are full of markup is the same page with other names', () => {
    const page = runHtml(hostile(), colour)
    expectSafe(page)
    expect(page).toContain('&lt;script&gt;')
  })
})

describe('a study', () => {
  it('is a page with its table, its drawings and its definition, whatever it is called', () => {
    const page = studyHtml(
      { ...study([one(evil, 0, 0.7), one('second', 0, 0.8)]), name: evil },
      new Map([[7, run()]]),
      colour,
    )
    expectSafe(page)
    for (const part of ['Arms over seeds', 'Every run by step', 'Definition', '&lt;script&gt;'])
      expect(page).toContain(part)
  })
})
