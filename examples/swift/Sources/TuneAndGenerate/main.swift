// Tunes a model on a few preference pairs, then generates with the adapter.
//
//     swift run -c release TuneAndGenerate MODEL ADAPTER-DIRECTORY
import ADPO
import Glibc

let pairs = [
    ("How do I boil an egg?", " Put it in boiling water and wait.", " The egg is to be immersed."),
    ("Can I pay by card?", " Yes, you can pay by card.", " Payment by card is permitted."),
    ("Where do I park?", " Park behind the house.", " Utilisation of the rear is permitted."),
    ("When do you open?", " We open at nine.", " Commencement of operation is at nine."),
]
let prompt = "How do I get there?"
let completion = " Take the bus."

func tuneAndGenerate(model path: String, output: String) throws(ADPOError) {
    let model = try Model(path: path)
    let session = try Session(model: model)
    let before = try session.score(prompt: prompt, completion: completion)
    print("before: log p =", before.sum)

    var dataset = PreferenceDataset(model: model)
    for (prompt, chosen, rejected) in pairs {
        try dataset.append(TextPair(prompt: prompt, chosen: chosen, rejected: rejected))
    }
    var configuration = TrainerConfiguration()
    configuration.objective.granularity = .token
    configuration.epochs = 4
    configuration.learningRate = 2e-4
    let trainer = try Trainer(model: model, configuration: configuration, pairs: dataset)
    while let metrics = try trainer.step() {
        print("step \(metrics.step): loss \(metrics.loss), margin \(metrics.rewardsMargin)")
    }

    let adapter = try trainer.adapter()
    try session.setAdapter(adapter)
    let after = try session.score(prompt: prompt, completion: completion)
    print("after: log p =", after.sum)

    var generation = GenerationConfiguration()
    generation.maxTokens = 20
    let tokens = try session.generate(prompt: model.tokenizer.encode(prompt), generation)
    print(prompt + tokens.map(\.text).joined())
    try adapter.save(to: output)
}

guard CommandLine.arguments.count == 3 else {
    print("usage: TuneAndGenerate MODEL ADAPTER-DIRECTORY")
    exit(2)
}
do {
    try tuneAndGenerate(model: CommandLine.arguments[1], output: CommandLine.arguments[2])
} catch {
    print("error: \(error)")
    exit(1)
}
