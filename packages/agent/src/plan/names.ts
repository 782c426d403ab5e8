/** Names of containers, for whoever gave none. */

const ADJECTIVES =
  'amber brave bright brisk calm candid clever cosy crisp daring eager early fair fleet fond gentle glad golden grand happy honest humble jolly keen kind lively lucid lucky mellow merry mild neat nimble noble patient plucky polite proud quick quiet rapid ready round serene sharp shiny silent smart snug solid steady still sunny swift tidy vivid warm wise witty'.split(
    ' ',
  );
const NOUNS =
  'acorn anchor apple arch aspen badger basin beacon birch bison bluff brook canyon cedar cliff clover comet coral crane creek delta dune eagle elm ember falcon fern finch fjord forest fox garden geyser glade grove gull harbor hawk hazel heron hill island jay lagoon lake lark lily linden lynx maple marsh meadow moss newt oak orchid osprey otter owl pebble pine plover pond quail raven reef ridge river robin sage seal shore spruce stork stream summit swan thicket tide trout valley walnut wave willow wren'.split(
    ' ',
  );

/** `brave_otter`; a number follows from the second attempt on. */
export function randomName(random: () => number, attempt: number): string {
  const pick = (words: readonly string[]): string => words[Math.floor(random() * words.length)] as string;
  const name = `${pick(ADJECTIVES)}_${pick(NOUNS)}`;
  return attempt === 0 ? name : `${name}${Math.floor(random() * 10 ** Math.min(attempt, 6))}`;
}
