"""The module of each kind's settings. Nothing is imported here; `settings_by_kind` imports the one it needs.

What a kind names counts in the content keys of the stages that are given such a model; this table itself does not.
"""

KINDS = {
    "vae": "latent_audit.vae_models.presets.plain_vae:VaeSettings",
    "beta_vae": "latent_audit.vae_models.presets.beta_vae:BetaVaeSettings",
    "interpretable_gan": "latent_audit.vae_models.interpretable_gan.settings:InterpretableGanSettings",
    "autoencoder": "latent_audit.vae_models.presets.autoencoder:PlainAutoencoderSettings",
    "laplace_vae": "latent_audit.vae_models.presets.laplace_vae:LaplaceVaeSettings",
    "annealed_vae": "latent_audit.vae_models.presets.annealed_vae:AnnealedVaeSettings",
    "beta_tc_vae": "latent_audit.vae_models.presets.beta_tc_vae:BetaTcVaeSettings",
    "dip_vae_i": "latent_audit.vae_models.presets.dip_vae_i:DipVaeISettings",
    "dip_vae_ii": "latent_audit.vae_models.presets.dip_vae_ii:DipVaeIiSettings",
    "factor_vae": "latent_audit.vae_models.presets.factor_vae:FactorVaeSettings",
    "gm_vae": "latent_audit.vae_models.presets.gm_vae:GmVaeSettings",
    "vamp_vae": "latent_audit.vae_models.presets.vamp_vae:VampVaeSettings",
    "attribute_vae": "latent_audit.vae_models.presets.attribute_vae:AttributeVaeSettings",
    "semi_supervised_vae": "latent_audit.vae_models.presets.semi_supervised_settings:SemiSupervisedVaeSettings",
    "attention_vae": "latent_audit.vae_models.presets.attention_vae:AttentionVaeSettings",
    "bayesian_vae": "latent_audit.vae_models.presets.bayesian_vae:BayesianVaeSettings",
    "linear_vae": "latent_audit.vae_models.presets.linear_vae:LinearVaeSettings",
    "full_covariance_vae": "latent_audit.vae_models.presets.related_vaes:FullCovarianceVaeSettings",
    "flow_vae": "latent_audit.vae_models.presets.related_vaes:FlowVaeSettings",
    "checkpoint": "latent_audit.vae_models.pretrained.checkpoint_settings:CheckpointSettings",
    "entrypoint": "latent_audit.vae_models.pretrained.entrypoint_settings:EntrypointSettings",
    "extension": "latent_audit.vae_models.pretrained.extension_settings:ExtensionSettings",
    "exported_programs": "latent_audit.vae_models.pretrained.exported_settings:ExportedProgramsSettings",
    "onnx": "latent_audit.vae_models.pretrained.onnx_files.onnx_settings:OnnxSettings",
    "diffusers": "latent_audit.vae_models.pretrained.libraries.diffusers_settings:DiffusersSettings",
    "pythae": "latent_audit.vae_models.pretrained.libraries.pythae_settings:PythaeSettings",
    "lightning": "latent_audit.vae_models.pretrained.libraries.lightning_settings:LightningSettings",
    "functions": "latent_audit.vae_models.pretrained.functions.functions_settings:FunctionsSettings",
    "attribute_classifier": "latent_audit.vae_models.attribute_classifier.settings:AttributeClassifierSettings",
    "entrypoint_classifier": "latent_audit.vae_models.brought_classifier.settings:BroughtClassifierSettings",
    "function_classifier": "latent_audit.vae_models.brought_classifier.settings:GivenClassifierSettings",
}
