/** Exit codes, one table; docs/cli.md lists the same. */
export const exit = {
  fine: { code: 0, sentence: 'Done.' },
  failed: { code: 1, sentence: 'It failed for a reason that it said.' },
  badInput: {
    code: 2,
    sentence: 'The command line, a file or the environment is wrong: each error was said.',
  },
  addressInUse: { code: 3, sentence: 'An address to listen on is taken by another process.' },
  missingCommand: { code: 4, sentence: "A model's command does not exist or may not be run." },
  neverReady: { code: 5, sentence: 'A model or a component did not become ready in time.' },
  unreachable: { code: 6, sentence: "A peer (controller, aggregator) can't be reached." },
  notVerified: { code: 7, sentence: 'The decision log does not verify, or a replay differs.' },
  notFound: { code: 8, sentence: 'No such endpoint, decision or record.' },
  forbidden: { code: 9, sentence: 'The cluster does not let you: the missing rule was said.' },
} as const
