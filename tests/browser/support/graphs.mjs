// Graphs that several tests submit.

/** Tasks of about so many million steps each; each run of them is done anew. */
export const work = (tasks, millionSteps, name = 'work') => ({
  name,
  tasks: { work: { call: 'lab/work', map: { range: [0, tasks] }, args: [millionSteps, { $item: 0 }], cache: false } },
});

/** One million steps after the other, for as long as nobody stops it. */
export const endless = (tasks = 4, name = 'endless') => ({
  name,
  tasks: { spin: { call: 'hostile/spin', map: { range: [0, tasks] }, args: [], cache: false, timeout: '10m' } },
});

/** A small graph with everything in it that pages show: two functions, an edge, a failure and what it stops, an output. */
export const small = {
  name: 'squares',
  tasks: {
    sq: { call: 'numbers/square', map: { range: [0, 40] }, args: [{ $item: 0 }], cache: false },
    sum: { call: 'numbers/sum', args: [{ $tasks: 'sq' }], cache: false, keep: true },
    bad: { call: 'numbers/checked_div', args: [7, 0], cache: false },
    after: { call: 'numbers/inc', args: [{ $task: 'bad' }] },
  },
};
