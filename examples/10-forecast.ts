/** Forecasts visitors of a shop that is closed on some days: a network in the manner of DeepAR, against last week's values. */
import { adam, randomStream, trainOn } from "unrolled";
import {
  backtest,
  forecast,
  forecaster,
  forecasterTask,
  forecastTracker,
  seasonalNaive,
  type Series,
} from "unrolled/tasks";

const random = randomStream(1);
/** Known in advance, also for the 14 days to come. */
const covariates = Array.from({ length: 414 }, () => [Number(random.uniform() < 0.05)]);
const values = Array.from({ length: 400 }, (_, day) => {
  const expected = 100 + 60 * Math.sin((2 * Math.PI * day) / 7) + day / 10;
  return covariates[day][0] === 1 ? 0 : Math.round(expected + 8 * random.normal());
});
values[33] = NaN; // nobody counted

const shop: Series = { start: "2001-01-01", values, covariates };
const known: Series = { ...shop, values: values.slice(0, -56) };
const model = forecaster({ series: [known], horizon: 14, hiddenSize: 24, lags: [7], covariates: ["closed"] });
const task = forecasterTask(model, { series: [known], batchSize: 8, stride: 3 });
for await (const event of trainOn(task, { epochs: 20, optimizer: adam({ learningRate: 0.01 }) }))
  if (event.kind === "epoch" && event.epoch % 5 === 0)
    console.log(`epoch ${event.epoch}  loss ${event.loss.toFixed(3)}`);

const options = { horizon: 14, folds: 4, period: 7 };
const ours = backtest(model, shop, options).measures;
const naive = backtest(
  (past, { horizon }) => seasonalNaive(past.values, { horizon, period: 7 }),
  shop,
  options,
).measures;
console.log(`MASE ${ours.mase.toFixed(3)}, last week's ${naive.mase.toFixed(3)}`);
console.log(`CRPS ${ours.crps.toFixed(2)}, last week's ${naive.crps.toFixed(2)}`);

const next = forecast(model, shop, { horizon: 3, seed: 1 });
const { lower, upper } = next.interval(0.8);
next.mean.forEach((mean, h) =>
  console.log(`${next.dates?.[h]}  ${mean.toFixed(0)}  (${lower[h].toFixed(0)} to ${upper[h].toFixed(0)})`),
);

// one value more, without reading all again
const tracker = forecastTracker(model, shop);
tracker.observe(100);
console.log(`from ${tracker.length} values: ${tracker.forecast({ horizon: 1 }).mean[0].toFixed(0)}`);
