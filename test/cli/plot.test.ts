import test from 'ava'
import { plot } from '../../cli/plot.ts'

const marks = [
  {
    sign: '.',
    means: 'the law',
    points: [
      [1, 10],
      [5, 40],
      [10, 60],
    ] as const,
  },
  { sign: 'o', means: 'tried', points: [[5, 41]] as const },
  { sign: '@', means: 'nothing', points: [] },
]
const drawn = (width: number): string[] =>
  plot({ title: 'T', marks, line: { x: 8, name: 'limit 8' }, width })

test('points, the limit and what signs mean are drawn within the width of the terminal', t => {
  for (const width of [40, 80, 110]) {
    const lines = drawn(width)
    t.true(Math.max(...lines.map(line => line.length)) <= width, lines.join('\n'))
    const grid = lines.slice(1, 13)
    const at = (grid[0] ?? '').lastIndexOf('|')
    t.true(grid.filter(line => line[at] === '|').length >= 11, lines.join('\n'))
    t.is(lines[15]?.indexOf('^'), at)
    t.true(lines.join('\n').includes('o  tried') && !lines.join('\n').includes('nothing'))
  }
})

test('more throughput stands higher, more in flight further right', t => {
  const grid = drawn(80)
    .slice(1, 13)
    .map(line => line.slice(5))
  const place = (sign: string): [row: number, column: number] => {
    const row = grid.findIndex(line => line.includes(sign))
    return [row, (grid[row] ?? '').indexOf(sign)]
  }
  t.deepEqual(place('.')[0], 0)
  t.true(place('o')[0] > 0 && place('o')[1] < place('.')[1])
})

test('narrower than 40 or wider than 110 columns nothing is drawn', t => {
  t.deepEqual(drawn(10), drawn(40))
  t.deepEqual(drawn(400), drawn(110))
})

test('a limit at the right edge is named to its left, and nothing measured is drawn, too', t => {
  const edge = plot({ title: 'T', marks: [], line: { x: 95, name: 'limit 95' }, width: 40 })
  t.true(edge[15]?.endsWith('limit 95 ^'), edge.join('\n'))
  t.notRegex(edge.join('\n'), /NaN|Infinity/)
})
