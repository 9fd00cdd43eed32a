// Every test runs in plain Node 24. Two workers at most, on two cores; heavy tests (whole processes, browsers,
// trainings) come after the others and one at a time. Time limits are guards against hanging, for all tests the same
// (test/patience.ts).
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

import { patience, testPatience } from './test/patience.ts'

const heavy = ['test/{e2e,faults,golden,bench,cli}/**/*.test.ts', 'test/**/*.heavy.test.ts']
const renderer = ['test/renderer/**/*.test.ts']

export default defineConfig({
  test: {
    environment: 'node',
    maxWorkers: 2,
    testTimeout: testPatience,
    hookTimeout: testPatience,
    expect: { poll: { timeout: patience } },
    reporters: ['default', './build/tally-reporter.mjs'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...heavy, ...renderer],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        plugins: [svelte({ configFile: false })],
        resolve: { conditions: ['browser'] },
        test: { name: 'renderer', include: renderer, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: 'heavy',
          include: heavy,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
