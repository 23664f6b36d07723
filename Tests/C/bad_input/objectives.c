/* The objective, and the loss alone. */
#include "bad_input.h"

#include <math.h>

/* An objective in which one field is bad is refused. */
#define REFUSE_OBJECTIVE(field, value)                                                             \
    do {                                                                                           \
        adpo_objective bad = objective;                                                            \
        bad.field = value;                                                                         \
        INVALID(adpo_loss(&bad, &input, &loss, gradient));                                         \
    } while (0)

/* So is an input. */
#define REFUSE_INPUT(field, value)                                                                 \
    do {                                                                                           \
        adpo_loss_input bad = input;                                                               \
        bad.field = value;                                                                         \
        INVALID(adpo_loss(&objective, &bad, &loss, gradient));                                     \
    } while (0)

void objectives(void)
{
    const float policy[] = {-1, -2, -3, -4, -5};
    const float reference[] = {-2, -2, -2, -2, -2};
    const float not_finite[] = {-1, NAN, -3, -4, -5};
    const size_t ends[] = {1, 3, 3, 2, 4};
    float gradient[5];
    double loss = 0;
    double token_loss = 0;
    adpo_objective objective;
    adpo_loss_input input = {0};

    INVALID(adpo_objective_init(NULL, sizeof objective));
    INVALID(adpo_objective_init(&objective, 0));
    OK(adpo_objective_init(&objective, sizeof objective));
    input.struct_size = sizeof input;
    input.chosen_count = 3;
    input.rejected_count = 2;
    input.policy = policy;
    input.reference = reference;

    /* S_w = 1 + 0 - 1 = 0 and S_l = -2 - 3 = -5: z = 0.5 */
    OK(adpo_loss(NULL, &input, &loss, gradient));
    TRUE(fabs(loss - log1p(exp(-0.5))) < 1e-12);
    TRUE(fabs(gradient[0] + 0.1 / (1 + exp(0.5))) < 1e-8 && gradient[4] == -gradient[0]);
    OK(adpo_loss(&objective, &input, &loss, NULL));
    TRUE(fabs(loss - log1p(exp(-0.5))) < 1e-12);
    objective.granularity = ADPO_GRANULARITY_TOKEN;
    OK(adpo_loss(&objective, &input, &token_loss, gradient));
    TRUE(token_loss > loss);

    INVALID(adpo_loss(&objective, NULL, &loss, gradient));
    INVALID(adpo_loss(&objective, &input, NULL, gradient));
    REFUSE_OBJECTIVE(struct_size, 0);
    REFUSE_OBJECTIVE(loss, -1);
    REFUSE_OBJECTIVE(loss, 14);
    REFUSE_OBJECTIVE(loss, ADPO_LOSS_EXO_PAIR); /* its label smoothing is 0 */
    REFUSE_OBJECTIVE(loss, ADPO_LOSS_SFT);      /* the granularity is TOKEN */
    REFUSE_OBJECTIVE(granularity, 8);
    REFUSE_OBJECTIVE(granularity, -1);
    REFUSE_OBJECTIVE(granularity, ADPO_GRANULARITY_STATIC);    /* its size is 0 */
    REFUSE_OBJECTIVE(granularity, ADPO_GRANULARITY_ADAPTIVE);  /* its size is 0 */
    REFUSE_OBJECTIVE(granularity, ADPO_GRANULARITY_LINES);     /* there is no text */
    REFUSE_OBJECTIVE(granularity, ADPO_GRANULARITY_DELIMITER); /* which is NULL */
    REFUSE_OBJECTIVE(granularity, ADPO_GRANULARITY_CUSTOM);    /* there are no ends */
    REFUSE_OBJECTIVE(padding, 2);
    REFUSE_OBJECTIVE(reduction, 2);
    REFUSE_OBJECTIVE(beta, 0);
    REFUSE_OBJECTIVE(beta, -1);
    REFUSE_OBJECTIVE(beta, NAN);
    REFUSE_OBJECTIVE(beta, INFINITY);
    REFUSE_OBJECTIVE(label_smoothing, 0.5);
    REFUSE_OBJECTIVE(target_margin, NAN);
    REFUSE_OBJECTIVE(sft_weight, -1);
    REFUSE_OBJECTIVE(dpop_lambda, -1);
    REFUSE_OBJECTIVE(ld_alpha, 2);
    REFUSE_OBJECTIVE(wpo, 1); /* without log_sum_squares */
    REFUSE_OBJECTIVE(desirable_weight, 2);
    REFUSE_OBJECTIVE(undesirable_weight, -1);
    REFUSE_INPUT(struct_size, 0);
    REFUSE_INPUT(policy, NULL);
    REFUSE_INPUT(reference, NULL);
    REFUSE_INPUT(chosen_count, 0);
    REFUSE_INPUT(rejected_count, 0);
    REFUSE_INPUT(chosen_count, (size_t)-1);
    REFUSE_INPUT(rejected_count, (size_t)-1);
    input.policy = not_finite;
    EXPECT(ADPO_ERROR_NUMERIC, adpo_loss(&objective, &input, &loss, gradient));
    input.policy = policy;

    objective.granularity = ADPO_GRANULARITY_CUSTOM;
    input.chosen_ends = ends;
    input.rejected_ends = ends + 3;
    input.chosen_segments = 2;
    input.rejected_segments = 1;
    OK(adpo_loss(&objective, &input, &token_loss, gradient));
    TRUE(token_loss == loss); /* the surplus joins the only segment of the other */
    REFUSE_INPUT(chosen_segments, 1);   /* does not cover */
    REFUSE_INPUT(chosen_segments, 3);   /* does not increase */
    REFUSE_INPUT(rejected_segments, 2); /* goes beyond */
    REFUSE_INPUT(rejected_segments, 0);
    REFUSE_INPUT(rejected_ends, NULL);
    REFUSE_INPUT(chosen_segments, (size_t)-1);
}
