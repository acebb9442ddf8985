"""Where the settings of each kind of model are. Nothing is imported here: `settings_by_kind` imports the one it needs.

What a kind names counts in the content keys of the stages that are given such a model; this table itself does not.
"""

KINDS = {
    "vae": "vae_models.plain_vae:VaeSettings",
    "beta_vae": "vae_models.beta_vae:BetaVaeSettings",
    "interpretable_gan": "vae_models.interpretable_gan_settings:InterpretableGanSettings",
    "autoencoder": "vae_models.autoencoder:PlainAutoencoderSettings",
    "laplace_vae": "vae_models.laplace_vae:LaplaceVaeSettings",
    "annealed_vae": "vae_models.annealed_vae:AnnealedVaeSettings",
    "beta_tc_vae": "vae_models.beta_tc_vae:BetaTcVaeSettings",
    "dip_vae_i": "vae_models.dip_vae_i:DipVaeISettings",
    "dip_vae_ii": "vae_models.dip_vae_ii:DipVaeIiSettings",
    "factor_vae": "vae_models.factor_vae:FactorVaeSettings",
    "gm_vae": "vae_models.gm_vae:GmVaeSettings",
    "vamp_vae": "vae_models.vamp_vae:VampVaeSettings",
    "attribute_vae": "vae_models.attribute_vae:AttributeVaeSettings",
    "semi_supervised_vae": "vae_models.semi_supervised_settings:SemiSupervisedVaeSettings",
    "attention_vae": "vae_models.attention_vae:AttentionVaeSettings",
    "bayesian_vae": "vae_models.bayesian_vae:BayesianVaeSettings",
    "checkpoint": "vae_models.checkpoint_settings:CheckpointSettings",
    "entrypoint": "vae_models.entrypoint_settings:EntrypointSettings",
    "exported_programs": "vae_models.exported_settings:ExportedProgramsSettings",
    "attribute_classifier": "vae_models.attribute_classifier_settings:AttributeClassifierSettings",
}
